namespace HomeIQ.Reconciler;

/// <summary>A folder of a test's own, which goes with it.</summary>
internal sealed class Scratch : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hq-").FullName;

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>Writes a file, folders on the way included, and gives its path.</summary>
    public string Write(string name, string text)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
