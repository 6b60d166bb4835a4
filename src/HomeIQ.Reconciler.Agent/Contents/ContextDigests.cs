using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>Digests of what build contexts hold once <c>.dockerignore</c> has had its say; services that share a context are looked at once.</summary>
/// <remarks>Without it, a context that is the whole repository would be new with every commit, its own version files included.</remarks>
public sealed class ContextDigests(ISourceTree tree)
{
    private readonly Dictionary<(string Context, string? Rules), string> known = [];

    /// <exception cref="IOException">The context cannot be built from; the message names the path and says why.</exception>
    public string Of(BuildSpec build)
    {
        var key = (build.Context, ContextFiles.RulesFile(tree, build));
        if (!known.TryGetValue(key, out var digest))
        {
            known[key] = digest = Digest(ContextFiles.SelectSources(tree, build).Values);
        }

        return digest;
    }

    private string Digest(IEnumerable<ContextFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            var id = file.IsFolder ? "folder" : tree.Find(file.Source!)!.Id;
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Path}\0{(file.Executable ? "x" : "-")}\0{id}\0"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
