using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Contents;

/// <summary>A tree for tests that are not about Git.</summary>
internal sealed class MemoryTree : ISourceTree
{
    private readonly SortedDictionary<string, SourceEntry> entries = new(StringComparer.Ordinal) { [""] = new SourceEntry("", SourceKind.Folder, 0, false, "root") };
    private readonly Dictionary<string, byte[]> bytes = new(StringComparer.Ordinal);

    public string Revision => "memory";

    public string this[string path]
    {
        set => Add(path, value, executable: false);
    }

    public void Add(string path, string text, bool executable) => Add(path, Encoding.UTF8.GetBytes(text), executable);

    public void Add(string path, byte[] content, bool executable = false)
    {
        bytes[path] = content;
        Add(new SourceEntry(path, SourceKind.File, content.Length, executable, Convert.ToHexStringLower(SHA256.HashData(content))));
    }

    public void Add(SourceEntry entry)
    {
        entries[entry.Path] = entry;
        for (var slash = entry.Path.LastIndexOf('/'); slash > 0; slash = entry.Path.LastIndexOf('/', slash - 1))
        {
            entries[entry.Path[..slash]] = new SourceEntry(entry.Path[..slash], SourceKind.Folder, 0, false, "folder");
        }
    }

    public SourceEntry? Find(string path) => entries.GetValueOrDefault(path);

    public IReadOnlyList<SourceEntry> List(string path) => [.. entries.Values
        .Where(entry => entry.Path.Length > 0 && (entry.Path.LastIndexOf('/') is var slash and >= 0 ? entry.Path[..slash] : "") == path)
        .OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    public byte[] Read(string path, long limit) =>
        bytes.TryGetValue(path, out var content) && content.Length <= limit ? content : throw new IOException($"cannot read {path}");
}
