using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>From what people call a commit (branch, tag, full or short id, <c>main~1</c>) to the commit.</summary>
internal static class GitNames
{
    private const int ShortestId = 4;
    private const int MostNamesShown = 5;

    /// <summary>Null when there is none; a branch goes before a tag, a tag before an id.</summary>
    public static Commit? Find(Repository repository, string name)
    {
        var suffix = name.AsSpan().IndexOfAny('~', '^');
        var stem = suffix < 0 ? name : name[..suffix];
        var commit = ByRef(repository, stem) ?? ById(repository, stem);
        return commit is null || suffix < 0 ? commit : Older(repository, commit, name[suffix..]);
    }

    public static GitException NotFound(Repository repository, string name, string source)
    {
        var branches = repository.Refs.FromGlob("refs/remotes/origin/*").Select(reference => reference.CanonicalName["refs/remotes/origin/".Length..]).ToList();
        var hint = branches.Count switch
        {
            0 => "It is empty: it has no branch yet.",
            1 => $"Its only branch is {branches[0]}.",
            _ => $"Its branches: {string.Join(", ", branches.Take(MostNamesShown))}{(branches.Count > MostNamesShown ? ", …" : "")}.",
        };
        return new GitException(GitFailure.NotFound, $"There is no branch, tag or commit \"{name}\" in {source}. {hint}");
    }

    private static Commit? ByRef(Repository repository, string name)
    {
        IEnumerable<string> candidates = name switch
        {
            "HEAD" => ["refs/source/HEAD"],
            _ when name.StartsWith("refs/heads/", StringComparison.Ordinal) => [$"refs/remotes/origin/{name["refs/heads/".Length..]}"],
            _ when name.StartsWith("refs/", StringComparison.Ordinal) => [name],
            _ => [$"refs/remotes/origin/{name}", $"refs/tags/{name}", $"refs/source/remotes/{name}", $"refs/remotes/{name}", $"{GitClone.OwnRefs}{name}"],
        };
        return candidates
            .Where(Reference.IsValidName)
            .Select(candidate => repository.Refs[candidate]?.ResolveToDirectReference() is { } direct ? CommitOf(repository.Lookup(direct.TargetIdentifier)) : null)
            .FirstOrDefault(commit => commit is not null);
    }

    private static Commit? ById(Repository repository, string id)
    {
        if (id.Length is < ShortestId or > 40 || !id.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        try
        {
            return CommitOf(repository.Lookup(id));
        }
        catch (AmbiguousSpecificationException)
        {
            throw new GitException(GitFailure.Refused, $"The short id {id} fits several objects: write more of it.");
        }
    }

    private static Commit? Older(Repository repository, Commit commit, string suffix)
    {
        try
        {
            return CommitOf(repository.Lookup(commit.Sha + suffix));
        }
        catch (LibGit2SharpException)
        {
            return null;
        }
    }

    private static Commit? CommitOf(GitObject? target) => target switch
    {
        Commit commit => commit,
        TagAnnotation tag => CommitOf(tag.Target),
        _ => null,
    };
}
