namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Drift that takes more than a container of ours that was touched: one of somebody else's in its place, a namespace whose owner was restarted, storage that is gone.</summary>
public sealed class StrangerScenarios
{
    [Fact]
    public async Task A_container_that_somebody_made_again_by_hand_under_the_same_name_is_not_ours_and_refuses_the_plan_with_the_way_out()
    {
        await using var house = new House();
        house.Compose(("app", ""), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        house.Docker("rm", "-f", house.Container("app"));
        house.Docker("run", "-d", "--pull=never", "--name", house.Container("app"), "-e", "HANDMADE=1", "homeiq-test/app:1.0.0");
        var stranger = house.Inspect("app", "{{.Id}}");

        var refused = await house.HomeiqAsync("apply");

        Assert.True(refused.Code == 2, refused.ToString());
        Assert.Contains(house.Container("app"), refused.ToString(), StringComparison.Ordinal);
        Assert.Equal((stranger, "running"), (house.Inspect("app", "{{.Id}}"), house.Inspect("app", "{{.State.Status}}")));

        house.Docker("rm", "-f", house.Container("app"));
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_copy_with_our_labels_that_somebody_made_by_hand_is_put_right_field_by_field_or_made_again()
    {
        await using var house = new House();
        house.Compose(("app", "environment: {COLOUR: green}"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var labels = house.Inspect("app", "{{range $key, $value := .Config.Labels}}{{$key}}={{$value}}\n{{end}}").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        house.Docker("rm", "-f", house.Container("app"));
        house.Docker(["run", "-d", "--pull=never", "--name", house.Container("app"), .. labels.SelectMany(label => new[] { "--label", label }), "-e", "COLOUR=red", "-v", "/tmp", "homeiq-test/app:1.1.0"]);

        var diff = await house.HomeiqAsync("diff");
        Assert.True(diff.Code == 1, diff.ToString());
        await house.ApplyAsync();

        Assert.Contains("COLOUR=green", house.Inspect("app", "{{.Config.Env}}"), StringComparison.Ordinal);
        Assert.Equal("homeiq-test/app:1.0.0", house.Inspect("app", "{{.Config.Image}}"));
        await house.ExpectReplacedAsync(before, "app");
        await house.ExpectSettledAsync();
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("rm")]
    public async Task Guests_of_a_namespace_follow_when_its_owner_was_restarted_or_made_again_by_hand(string how)
    {
        await using var house = new House();
        house.Compose(("owner", ""), ("guest", "network_mode: service:owner\nenvironment: {PORT: '8081'}\nhealthcheck: {disable: true}"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var started = (await house.ContainerAsync("guest")).StartedAt;

        if (how == "restart")
        {
            house.Docker("restart", "-t", "0", house.Container("owner"));
        }
        else
        {
            house.Docker("rm", "-f", house.Container("owner"));
        }

        await house.ApplyAsync();

        await house.ExpectUpAsync("owner", "bystander");
        Assert.True((await house.ContainerAsync("guest")).StartedAt > started);
        Assert.Equal($"container:{house.Inspect("owner", "{{.Id}}")}", house.Inspect("guest", "{{.HostConfig.NetworkMode}}"));
        string[] replaced = how == "rm" ? ["owner", "guest"] : [];
        await house.ExpectReplacedAsync(before, replaced);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_volume_that_somebody_removed_is_made_again_only_when_a_person_agreed()
    {
        await using var house = new House();
        house.ComposeWith("volumes: {data: }", ("app", "volumes: ['data:/data']"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        house.Docker("rm", "-f", house.Container("app"));
        house.Docker("volume", "rm", $"{house.Name}_data");

        var diff = await house.HomeiqAsync("diff");
        Assert.Contains($"{house.Name}_data", diff.Out, StringComparison.Ordinal);
        var waiting = await house.HomeiqAsync("apply");
        Assert.True(waiting.Code == 4, waiting.ToString());
        var plan = System.Text.Json.JsonDocument.Parse((await house.HomeiqAsync("plan", "-o", "json")).Out).RootElement;
        await house.ApplyAsync("--approve", plan.GetProperty("digest").GetString()!);

        Assert.Equal(house.Name, house.Docker("volume", "inspect", "--format", "{{index .Labels \"io.homeiq.instance\"}}", $"{house.Name}_data"));
        await house.ExpectReplacedAsync(before, "app");
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task What_the_engine_itself_is_restarting_is_left_to_it()
    {
        await using var house = new House();
        house.Compose(("app", "restart: always"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        var runs = house.Journal(journal => journal.Runs(10)).Count;

        // Its program ends, and the engine has it up again: there is nothing left to do.
        house.Docker("exec", "-d", house.Container("app"), "kill", "-USR1", "1");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await house.ContainerAsync("app")) is { RestartCount: 0 } or { Health: not Observed.ContainerHealth.Healthy })
        {
            await Task.Delay(100, patience.Token);
        }

        await house.ExpectSettledAsync();
        await house.ExpectReplacedAsync(before);
        Assert.Equal(runs, house.Journal(journal => journal.Runs(10)).Count);
    }
}
