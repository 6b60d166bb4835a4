using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Architecture;

/// <summary>What the design promises stands in <c>tests/PROMISES.md</c> with the tests that hold it; none of these may be gone.</summary>
public sealed partial class PromiseTests
{
    [Fact]
    public void Every_test_that_stands_for_a_promise_is_there()
    {
        var sources = Directory.EnumerateFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)
            .SelectMany(text => ClassName().Matches(text).Select(found => (Class: found.Groups["name"].Value, Text: text)))
            .ToLookup(source => source.Class, source => source.Text, StringComparer.Ordinal);
        var named = Rows().SelectMany(row => TestName().Matches(row)).Select(found => (Class: found.Groups["class"].Value, Method: found.Groups["method"].Value)).ToHashSet();

        var gone = named.Where(test => !sources[test.Class].Any(text => text.Contains($" {test.Method}(", StringComparison.Ordinal)));

        Assert.True(named.Count > 150, $"only {named.Count} tests are named");
        Assert.Empty(gone.Select(test => $"{test.Class}.{test.Method}"));
    }

    [Fact]
    public void Every_promise_has_a_test_or_says_why_not() =>
        Assert.Empty(Rows().Where(row => !TestName().IsMatch(row) && !row.Contains("*not built", StringComparison.Ordinal) && !row.Contains("*nothing to test", StringComparison.Ordinal)));

    private static IEnumerable<string> Rows() => File.ReadLines(Repository.PathOf("tests", "PROMISES.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| where |", StringComparison.Ordinal));

    [GeneratedRegex(@"\bclass (?<name>\w+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ClassName();

    [GeneratedRegex(@"`(?<class>\w+)\.(?<method>\w+)`", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TestName();
}
