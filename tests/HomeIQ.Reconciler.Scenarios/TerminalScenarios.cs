using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>The real program on a real pseudo terminal.</summary>
public sealed partial class TerminalScenarios
{
    [Fact]
    public async Task A_run_is_live_and_coloured_uncoloured_for_who_wants_no_colour_and_plain_where_nothing_can_be_drawn()
    {
        await using var house = new House();
        house.Settings["HOMEIQ_LOG"] = "debug";

        var live = await ApplyAsync(house, "1.0.0");
        Assert.Matches(DrawnOver(), live);
        Assert.Matches(Colour(), live);
        Assert.Matches(UnderWay(), live);
        Assert.Contains("verify app", live, StringComparison.Ordinal);
        // The log is for a person, too.
        Assert.Matches(LogLine(), Colour().Replace(live, ""));
        Assert.DoesNotContain("\"@t\"", live, StringComparison.Ordinal);

        house.Settings["NO_COLOR"] = "1";
        var uncoloured = await ApplyAsync(house, "1.1.0");
        Assert.Matches(DrawnOver(), uncoloured);
        Assert.DoesNotMatch(Colour(), uncoloured);

        house.Settings.Remove("NO_COLOR");
        house.Settings["TERM"] = "dumb";
        var plain = await ApplyAsync(house, "1.2.0");
        Assert.DoesNotContain("\e", plain, StringComparison.Ordinal);
        Assert.DoesNotMatch(UnderWay(), plain);
        Assert.Matches(LogLine(), plain);
    }

    private static async Task<string> ApplyAsync(House house, string version)
    {
        // It is waited for, so that there is something to draw.
        house.Compose(("app", $"image: homeiq-test/app:{version}\nenvironment: {{START_DELAY: \"2\"}}")).Commit(version);
        var said = await house.OnTerminalAsync("apply");
        Assert.True(said.Code == 0, said.ToString());
        return said.Out;
    }

    /// <summary>The cursor goes up, and what is below it goes.</summary>
    [GeneratedRegex("\\u001b\\[[0-9]+A\\u001b\\[J", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex DrawnOver();

    [GeneratedRegex("\\u001b\\[[0-9;]*m", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Colour();

    /// <summary>A step that has not ended, with its seconds and what it waits for.</summary>
    [GeneratedRegex("\\.\\.\\.\\. +[0-9]+/[0-9]+ +[0-9]+\\.[0-9] s  verify app: starting", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex UnderWay();

    [GeneratedRegex("[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} INF Run ", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex LogLine();
}
