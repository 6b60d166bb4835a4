using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>A source tree out of a dictionary; a path that ends with <c>*</c> is executable, one that ends with <c>@</c> a symbolic link.</summary>
internal sealed class CommitTree : ISourceTree
{
    private readonly SortedDictionary<string, (SourceKind Kind, byte[] Bytes, bool Executable)> files = new(StringComparer.Ordinal);

    public CommitTree(IEnumerable<KeyValuePair<string, string>> files)
    {
        foreach (var (path, text) in files)
        {
            this.files[path.TrimEnd('*', '@')] = (path.EndsWith('@') ? SourceKind.Symlink : SourceKind.File, Encoding.UTF8.GetBytes(text), path.EndsWith('*'));
        }
    }

    public string Revision => "0123456789abcdef0123456789abcdef01234567";

    public SourceEntry? Find(string path)
    {
        if (files.TryGetValue(path, out var file))
        {
            return new(path, file.Kind, file.Bytes.Length, file.Executable, Hash(file.Bytes));
        }

        var children = List(path);

        return children.Count == 0 && path.Length > 0
            ? null
            : new(path, SourceKind.Folder, 0, false, Hash(Encoding.UTF8.GetBytes(string.Join('\n', children.Select(child => $"{child.Name} {child.Executable} {child.Id}")))));
    }

    public IReadOnlyList<SourceEntry> List(string path)
    {
        var prefix = path.Length == 0 ? "" : $"{path}/";

        return
        [
            .. files.Keys.Where(file => file.StartsWith(prefix, StringComparison.Ordinal)).Select(file => file[prefix.Length..].Split('/')[0])
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name => Find(prefix + name)!),
        ];
    }

    public byte[] Read(string path, long limit) =>
        files.TryGetValue(path, out var file) && file.Bytes.Length <= limit ? file.Bytes : throw new IOException($"cannot read `{path}`");

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
