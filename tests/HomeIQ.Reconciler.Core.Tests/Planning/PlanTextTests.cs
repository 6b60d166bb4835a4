using HomeIQ.Reconciler.Changes;
using static HomeIQ.Reconciler.Stacks;

namespace HomeIQ.Reconciler.Planning;

public class PlanTextTests
{
    private static readonly Plan Upgrade = Plan([new PullImage("influxdb", "influxdb:2.8.0"), .. Swap("influxdb"), new StopContainer("api", OldOf("api")), new StartContainer("api", OldOf("api")), new Promote(New)], (8, [1]), (9, [7, 8])) with
    {
        Changes = [new ServiceChanged("influxdb", [new("image", "influxdb:2.7.12", "influxdb:2.8.0"), new("env.TOKEN", null, null, Secret: true)])],
    };

    [Fact]
    public void Everything_that_a_plan_can_hold_has_its_place() => Snapshot.Matches(PlanText.Of(Samples.Plan with { IsRollback = false }));

    [Fact]
    public void An_upgrade_reads_as_a_list_of_verbs_with_causes() => Snapshot.Matches(PlanText.Of(Upgrade));

    [Fact]
    public void A_first_install_says_that_there_is_no_way_back() =>
        Snapshot.Matches(PlanText.Of(Upgrade with { From = null, Changes = [new ServiceAdded("influxdb"), new ServiceAdded("api")] }));

    [Fact]
    public void In_sync_is_one_line() => Assert.Equal("homeiq: in sync with 8be01d2, nothing to do", PlanText.Of(Plan([]) with { From = New }));

    [Fact]
    public void A_secret_is_never_shown_even_when_it_is_there()
    {
        var leaked = Upgrade with { Changes = [new ServiceChanged("web", [new("env.PASSWORD", "hunter2", "hunter3", Secret: true), new("image", "a:hunter2", "b", Secret: true)])] };

        Assert.DoesNotContain("hunter", PlanText.Of(leaked), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", PlanMarkdown.Of(leaked), StringComparison.Ordinal);
        Assert.Contains("(secret, changed)", PlanText.Of(leaked), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_cannot_move_the_cursor_or_break_a_line()
    {
        var hostile = Upgrade with { Changes = [new ServiceChanged("web", [new("env.X", "a\u001b[2Jb", "c\nd\u202ee\rf")])], Warnings = [new("x", "web", "bad\u0007\u001b[31m")] };
        var text = PlanText.Of(hostile);

        Assert.DoesNotContain(text, character => char.IsControl(character) && character != '\n');
        Assert.DoesNotContain('\u202e', text);
        Assert.Contains("c\\nd", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Our_own_words_are_plain_ascii_and_lines_fit_a_terminal()
    {
        var text = $"{PlanText.Of(Samples.Plan with { IsRollback = false })}\n{PlanText.Of(Upgrade)}";

        Assert.DoesNotContain(text, character => character > '~');
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 110));
    }

    [Fact]
    public void Long_values_stand_below_each_other()
    {
        var text = PlanText.Of(Upgrade with { Changes = [new ServiceChanged("web", [new("command", new string('a', 70), new string('b', 70))])] });

        Assert.Contains($"      command  was {new string('a', 70)}\n               is  {new string('b', 70)}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_cause_goes_below_its_step()
    {
        var long_ = Upgrade with { Steps = [Upgrade.Steps[0] with { Cause = string.Join(' ', Enumerable.Repeat("because", 20)) }] };

        Assert.All(PlanText.Of(long_).Split('\n'), line => Assert.InRange(line.Length, 0, 110));
    }

    [Fact]
    public void A_pull_request_gets_a_sentence_the_versions_and_the_rest_folded() => Snapshot.Matches(PlanMarkdown.Of(Upgrade));

    [Fact]
    public void Markdown_shows_everything_that_a_plan_can_hold() => Snapshot.Matches(PlanMarkdown.Of(Samples.Plan with { IsRollback = false }));

    [Fact]
    public void A_value_cannot_become_markup()
    {
        var hostile = Upgrade with
        {
            Changes = [new ServiceChanged("web", [new("image", "a|b`c", "```\n</details><script>")])],
            Warnings = [new("x", "web", "<img src=x> @everyone [a](http://b) | *b*")],
        };
        var text = PlanMarkdown.Of(hostile);

        Assert.DoesNotContain("<img", text, StringComparison.Ordinal);
        Assert.DoesNotContain("@everyone", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[a](", text, StringComparison.Ordinal);
        Assert.Equal(4, text.Split('\n').Count(line => line.StartsWith("```", StringComparison.Ordinal) && line != "````") - 2);
    }
}
