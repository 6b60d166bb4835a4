using HomeIQ.Reconciler.Proposing;

namespace HomeIQ.Reconciler.Core.Tests.Proposing;

/// <summary>Lines alone, their services told beforehand; <c>ServiceBlocksTests</c> does it on YAML.</summary>
public sealed class BlockRestorationTests
{
    [Fact]
    public void Only_the_suspects_line_goes_back() =>
        Assert.Equal("head\n a: 1\n b: 2\n c: 2\n", Restored("head\n a: 2\n b: 2\n c: 2\n", "head\n a: 1\n b: 1\n c: 1\n", "a"));

    [Fact]
    public void Without_a_suspect_in_the_file_it_stays_as_it_is() => Assert.Equal("head\n a: 2\n", Restored("head\n a: 2\n", "head\n a: 1\n", "x"));

    [Fact]
    public void Blocks_that_changed_places_are_put_back_where_they_stand_now() =>
        Assert.Equal(" b: 2\n # a, old\n a: 1\n", Restored(" b: 2\n # a, new\n a: 2\n", " # a, old\n a: 1\n b: 1\n", "a"));

    [Fact]
    public void Old_lines_end_as_the_new_ones_do()
    {
        Assert.Equal("head\r\n a: 1\r\n b: 2\r\n", Restored("head\r\n a: 2\r\n b: 2\r\n", "head\n a: 1\n b: 1\n", "a"));
        Assert.Equal("head\n a: 1\n", Restored("head\n a: 2\n", "head\r\n a: 1\r\n", "a"));
        Assert.Equal("head\r\n a: 1\n b: 2\n", Restored("head\r\n a: 2\n b: 2\n", "head\n a: 1\n b: 2\n", "a"));
    }

    [Fact]
    public void A_last_line_without_an_end_stays_one_and_gets_one_when_another_follows()
    {
        Assert.Equal(" a: 1\n b: 1", Restored(" a: 1\n b: 2", " a: 1\n b: 1", "b"));
        Assert.Equal(" a: 1\n b: 1", Restored(" a: 1\n b: 2\n", " a: 1\n b: 1", "b"));
        Assert.Equal(" a: 1\n b: 1\n", Restored(" a: 1", " a: 1\n b: 1\n", "b"));
        Assert.Equal(" a: 1\n b: 1\n c: 2", Restored(" a: 1\n b: 2\n c: 2", " a: 1\n b: 1", "b"));
    }

    [Fact]
    public void Ten_thousand_blocks_are_no_burden_as_long_as_few_differ()
    {
        string Text(string last) => string.Concat(Enumerable.Range(0, 10_000).Select(number => $" s{number}: {(number == 9_000 ? last : "1")}\n"));

        Assert.Equal(Text("1"), Restored(Text("2"), Text("1"), "s9000"));
    }

    [Fact]
    public void A_file_that_was_written_anew_is_not_guessed_at()
    {
        string Text(string mark) => string.Concat(Enumerable.Range(0, 2_100).Select(number => $"# {mark}{number}\n"));

        Assert.IsType<Restoration.NotLocated>(BlockRestoration.Restore(Mapped($"{Text("x")} a: 2\n z: 2\n"), Mapped($"{Text("y")} a: 1\n"), Suspects("a")));
    }

    private static string Restored(string bad, string good, params string[] suspects) =>
        Assert.IsType<Restoration.Restored>(BlockRestoration.Restore(Mapped(bad), Mapped(good), Suspects(suspects))).Text;

    private static HashSet<string> Suspects(params string[] names) => names.ToHashSet(StringComparer.Ordinal);

    /// <summary>Here a service is any line <c> NAME: …</c>.</summary>
    private static MappedText Mapped(string text) => new(text, [.. text.Split('\n')
        .Select((line, index) => (Line: line, Number: index + 1))
        .Where(found => found.Line is [' ', not '#', ..] && found.Line.Contains(':', StringComparison.Ordinal))
        .Select(found => new ServiceLines(found.Line[1..found.Line.IndexOf(':', StringComparison.Ordinal)], found.Number, found.Number))]);
}
