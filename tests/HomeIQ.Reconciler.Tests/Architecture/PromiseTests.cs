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

        List<string> gone = [.. named.Where(test => !sources[test.Class].Any(text => text.Contains($" {test.Method}(", StringComparison.Ordinal))).Select(test => $"{test.Class}.{test.Method}")];

        Assert.True(named.Count > 150, $"only {named.Count} tests are named");
        Assert.True(gone.Count == 0, $"there are no such tests: {string.Join(", ", gone)}");
    }

    [Fact]
    public void Every_promise_has_a_test_or_says_why_not() =>
        Assert.All(Rows(), row => Assert.True(TestName().IsMatch(row) || row.Contains("*not built", StringComparison.Ordinal) || row.Contains("*nothing to test", StringComparison.Ordinal), row));

    private static IEnumerable<string> Rows() => File.ReadLines(Repository.PathOf("tests", "PROMISES.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| where |", StringComparison.Ordinal));

    [GeneratedRegex(@"\bclass (?<name>\w+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ClassName();

    [GeneratedRegex(@"`(?<class>\w+)\.(?<method>\w+)`", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TestName();
}
