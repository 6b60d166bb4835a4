using System.Runtime.CompilerServices;

namespace HomeIQ.Reconciler;

/// <summary>Compares a text with the one that was approved: <c>snapshots/CLASS.TEST.txt</c> beside the test; <c>HQ_SNAPSHOTS=update</c> writes it.</summary>
internal static class Snapshot
{
    public static void Matches(string text, string? part = null, [CallerFilePath] string file = "", [CallerMemberName] string test = "")
    {
        var name = string.Join('.', new[] { Path.GetFileNameWithoutExtension(file), test, part, "txt" }.Where(piece => piece is not null));
        var path = Path.Combine(Path.GetDirectoryName(file)!, "snapshots", name);
        var found = text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("HQ_SNAPSHOTS") == "update")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, found);
        }

        Assert.True(File.Exists(path), $"There is no approved text {path}. HQ_SNAPSHOTS=update writes it; found:\n{found}");
        Assert.Equal(File.ReadAllText(path), found, ignoreLineEndingDifferences: true);
    }
}
