using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>Files of a tree that exist in a test only; a text's line ends are kept.</summary>
internal sealed class MemoryTree : ISourceTree
{
    private readonly Dictionary<string, byte[]> files = new(StringComparer.Ordinal);

    public string Revision => "memory";

    public string this[string path]
    {
        set => files[path] = Encoding.UTF8.GetBytes(value);
    }

    public void Add(string path, byte[] bytes) => files[path] = bytes;

    public SourceEntry? Find(string path) => files.TryGetValue(path, out var bytes)
        ? new SourceEntry(path, SourceKind.File, bytes.Length, Executable: false, $"{path}#{bytes.Length}")
        : files.Keys.Any(file => path.Length == 0 || file.StartsWith($"{path}/", StringComparison.Ordinal))
            ? new SourceEntry(path, SourceKind.Folder, 0, Executable: false, path)
            : null;

    public IReadOnlyList<SourceEntry> List(string path) =>
        [.. files.Keys.Where(file => path.Length == 0 || file.StartsWith($"{path}/", StringComparison.Ordinal))
            .Select(file => (path.Length == 0 ? file : file[(path.Length + 1)..]).Split('/')[0]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => Find(path.Length == 0 ? name : $"{path}/{name}")!)];

    public byte[] Read(string path, long limit) =>
        files.TryGetValue(path, out var bytes) && bytes.Length <= limit ? bytes : throw new IOException($"No such file, or too large: {path}");
}
