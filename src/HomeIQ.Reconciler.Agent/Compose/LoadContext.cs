using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>What all readers of one load share: the request, the host's variables, the problems so far, and what services draw in from elsewhere.</summary>
internal sealed class LoadContext(LoadRequest request, Variables variables, Findings problems, string project)
{
    private readonly Dictionary<string, BoundContent> contents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> digests = new(StringComparer.Ordinal);

    private readonly Dictionary<string, string?> ids = new(StringComparer.Ordinal);

    public LoadRequest Request => request;

    public Variables Variables => variables;

    public Findings Problems => problems;

    public string Project => project;

    /// <summary>Only the form is judged (<c>validate --compose</c>): what only the commit or the host can tell is a note.</summary>
    public bool FormOnly => request.ComposeFiles.Count > 0;

    /// <summary>An error, or only a note where the form alone is judged or no host can be asked.</summary>
    public Severity Outside => FormOnly || request.LeaveUnresolved ? Severity.Note : Severity.Error;

    public Severity InCommit => FormOnly ? Severity.Note : Severity.Error;

    /// <summary>The desired state as a whole, for what stands at no place in it.</summary>
    public SourcePosition Whole => new(request.Tree.Shown(FormOnly ? request.ComposeFiles[0] : request.Path) is { Length: > 0 } path ? path : ".");

    public SecretValues Secrets { get; } = new();

    public IEnumerable<BoundContent> Contents => contents.Values;

    public ContextDigests BuildContexts { get; } = new(request.Tree);

    /// <summary>Every service of the files, those of other profiles too.</summary>
    public required IReadOnlySet<string> AllServices { get; init; }

    public required SharedObjects Shared { get; init; }

    public KeyReader Reader(YamlMapping mapping, string where) => new(problems, mapping, where, request.LeaveUnresolved);

    /// <summary>Has a file or folder of the commit exported for containers to mount. Null = there is a problem, already told.</summary>
    /// <param name="path">Relative to the tree's root, without <c>./</c>.</param>
    public string? Export(string path, SourcePosition position, string where, bool secret = false, int? mode = null)
    {
        if (mode is not null)
        {
            return ReadFromTree(path) is { } bytes
                ? Add(new(ContentDigest.OfBytes(bytes, mode), path, null, secret, mode))
                : null;
        }

        if (!digests.TryGetValue(path, out var digest))
        {
            digests[path] = digest = Digest(path, position, where);
        }

        return digest is null ? null : Add(new(digest, path, null, secret));
    }

    /// <summary>Has a text exported as a file.</summary>
    public string ExportText(string text, bool secret, int? mode) => Add(new(ContentDigest.OfText(text, mode), null, text, secret, mode));

    /// <summary>Git's id of a file or folder; a folder on disk is read whole for it, and therefore once.</summary>
    public string? IdOf(string path)
    {
        if (!ids.TryGetValue(path, out var id))
        {
            ids[path] = id = request.Tree.Find(path)?.Id;
        }

        return id;
    }

    /// <summary>The bytes of a file of the commit; null when there is none.</summary>
    public byte[]? ReadFromTree(string path) =>
        request.Tree.Find(path) is { Kind: SourceKind.File } ? request.Tree.Read(path, SourceLimits.ContentFile) : null;

    /// <summary>Where a path of the desired state (<c>./x</c>, <c>~/x</c> or absolute) lies on the host; null when that is not known.</summary>
    public string? OnHost(string path) => path switch
    {
        ['/', ..] => path,
        "~" => Home,
        ['~', '/', .. var rest] => Path.Combine(Home, rest),
        _ => request.ProjectDirectory is { } folder ? Path.GetFullPath(Path.Combine(folder, path)) : null,
    };

    /// <summary>A path of the tree out of <c>./x/</c>: no dot, no slash at the ends.</summary>
    public static string InTree(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");

        return string.Join('/', parts);
    }

    private static string Home => System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);

    private string Add(BoundContent content)
    {
        // The same bytes may be a secret in one place and a setting in another: then they are a secret.
        contents[content.Digest] = contents.TryGetValue(content.Digest, out var other) && other.Secret ? other : content;

        return content.Digest;
    }

    private string? Digest(string path, SourcePosition position, string where)
    {
        if (request.Tree.Find(path) is null)
        {
            problems.Add(position, where, $"`{request.Tree.Shown(path)}` is not in the commit", "a read-only relative path is taken from Git; for a file of the host write an absolute path", InCommit);
            return null;
        }

        try
        {
            return ContentDigest.OfTree(request.Tree, path);
        }
        catch (IOException exception)
        {
            problems.Error(position, where, $"`{request.Tree.Shown(path)}` cannot be exported: {exception.Message.TrimEnd('.')}");
            return null;
        }
    }
}
