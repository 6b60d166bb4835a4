using System.Text.Json;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class DriftScenarios
{
    private static readonly string Check = Furniture.Healthcheck.Replace("400ms", "1s", StringComparison.Ordinal);

    [Fact]
    public async Task What_somebody_moved_by_hand_is_seen_and_put_right_and_nothing_else_is()
    {
        await using var house = new House();
        string[] names = ["stopped", "killed", "paused", "renamed", "removed", "unlimited", "bystander"];
        house.Compose([.. names.Select(name => (name, Check + "\nrestart: unless-stopped"))]).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var started = await StartsAsync(house, "paused", "renamed", "bystander");

        house.Docker("stop", "-t", "0", house.Container("stopped"));
        house.Docker("kill", house.Container("killed"));
        house.Docker("pause", house.Container("paused"));
        house.Docker("rename", house.Container("renamed"), $"{house.Name}-elsewhere");
        house.Docker("rm", "-f", house.Container("removed"));

        // No limit was ever set, and no engine can set none again: only another container has none.
        house.Docker("update", "--memory", "64m", "--memory-swap", "64m", house.Container("unlimited"));
        await ExpectDriftAsync(house, names[..^1]);

        await house.ApplyAsync();

        await house.ExpectUpAsync(names);
        await house.ExpectReplacedAsync(before, "removed", "unlimited");
        Assert.Equal(started, await StartsAsync(house, "paused", "renamed", "bystander"));
        Assert.Equal("0", house.Inspect("unlimited", "{{.HostConfig.Memory}}"));
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task Limits_and_networks_are_put_right_while_the_container_runs_on()
    {
        await using var house = new House();
        var port = House.FreePort();
        string[] drifted = ["limited", "policy", "both", "off", "alone", "alias", "visitor"];
        house.ComposeWith(
            "networks: {default: {ipam: {config: [{subnet: 10.77.40.0/24}]}}, side: }",
            ("limited", Check + "\nmem_limit: 256m\ncpu_shares: 512\ncpus: 0.5\npids_limit: 100"),
            ("policy", Check + "\nrestart: unless-stopped"),
            ("both", Check + "\nmem_limit: 256m\nrestart: always"),
            ("off", Check + $"\nnetworks: {{default: {{aliases: [keeper], ipv4_address: 10.77.40.77}}, side: }}\nports: ['127.0.0.1:{port}:8080']"),
            ("alone", Check),
            ("alias", Check + "\nnetworks: {default: {aliases: [lamp]}}"),
            ("visitor", Check),
            ("bystander", Check)).Commit("Good");
        await house.ApplyAsync();
        var (before, started) = (await house.IdsAsync(), await StartsAsync(house, [.. drifted, "bystander"]));
        house.Docker("network", "create", $"{house.Name}_strange");

        house.Docker("update", "--memory", "64m", "--memory-swap", "64m", "--cpu-shares", "2", "--cpus", "1", "--pids-limit", "7", house.Container("limited"));
        house.Docker("update", "--restart", "no", house.Container("policy"));
        house.Docker("update", "--memory", "1g", "--memory-swap", "2g", house.Container("both"));
        house.Docker("network", "disconnect", $"{house.Name}_default", house.Container("both"));
        house.Docker("network", "disconnect", $"{house.Name}_default", house.Container("off"));
        house.Docker("network", "disconnect", $"{house.Name}_default", house.Container("alone"));
        house.Docker("network", "disconnect", $"{house.Name}_default", house.Container("alias"));
        house.Docker("network", "connect", "--alias", "impostor", $"{house.Name}_default", house.Container("alias"));
        house.Docker("network", "connect", $"{house.Name}_strange", house.Container("visitor"));
        await ExpectDriftAsync(house, drifted);
        var said = await house.HomeiqAsync("diff");
        Assert.Contains("HostConfig.Memory", said.Out, StringComparison.Ordinal);
        Assert.Contains("268435456 -> 67108864", said.Out, StringComparison.Ordinal);
        Assert.True(said.Out.Contains("lamp -> impostor", StringComparison.Ordinal), said.Out);

        await house.ApplyAsync();

        await house.ExpectReplacedAsync(before);
        Assert.Equal(started, await StartsAsync(house, [.. drifted, "bystander"]));
        Assert.Equal("268435456 536870912 512 500000000 100", house.Inspect("limited", "{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.CpuShares}} {{.NanoCpus}} {{.PidsLimit}}{{end}}"));
        Assert.Equal("unless-stopped always 268435456", $"{house.Inspect("policy", "{{.HostConfig.RestartPolicy.Name}}")} {house.Inspect("both", "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}")}");
        Assert.Equal("10.77.40.77", house.Inspect("off", $"{{{{(index .NetworkSettings.Networks \"{house.Name}_default\").IPAddress}}}}"));
        Assert.Equal(1, int.Parse(house.Inspect("visitor", "{{len .NetworkSettings.Networks}}"), System.Globalization.CultureInfo.InvariantCulture));
        foreach (var name in (string[])["keeper", "off", "alone", "both", "lamp", "alias"])
        {
            Assert.Contains("healthy", house.Docker("exec", house.Container("bystander"), "curl", "-fsS", $"http://{name}:8080/health"), StringComparison.Ordinal);
        }

        using var client = new HttpClient();
        Assert.Contains("healthy", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/health")), StringComparison.Ordinal);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task What_the_engine_does_not_take_in_place_is_made_again_by_the_same_apply()
    {
        Assert.SkipUnless(Directory.Exists("/sys/fs/cgroup/memory"), "newer control groups take a limit below what is used, and kill instead");
        await using var house = new House();
        house.Compose(("app", "mem_limit: 32m"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        // Files in memory count, and nobody can take them away from a container that runs.
        house.Docker("update", "--memory", "256m", "--memory-swap", "256m", house.Container("app"));
        house.Docker("exec", house.Container("app"), "dd", "if=/dev/zero", "of=/dev/shm/full", "bs=1M", "count=48");
        await house.ApplyAsync();

        var receipts = house.Journal(journal => journal.Runs(2)).SelectMany(run => run.Begun).Select(step => step.Receipt);
        Assert.Contains("memory limit", Assert.Single(receipts.OfType<LeftDrifted>()).Reason, StringComparison.Ordinal);
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal("33554432", house.Inspect("app", "{{.HostConfig.Memory}}"));
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task An_address_that_somebody_else_took_meanwhile_refuses_the_plan_until_it_is_free()
    {
        await using var house = new House();
        house.ComposeWith("networks: {default: {ipam: {config: [{subnet: 10.77.41.0/24}]}}}", ("app", "networks: {default: {ipv4_address: 10.77.41.7}}"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Docker("network", "disconnect", $"{house.Name}_default", house.Container("app"));
        house.Docker("run", "-d", "--pull=never", "--name", $"{house.Name}-squatter", "--network", $"{house.Name}_default", "--ip", "10.77.41.7", "homeiq-test/app:1.0.0");
        var refused = await house.HomeiqAsync("apply");
        Assert.True(refused.Code == 2, refused.ToString());
        Assert.Contains("10.77.41.7", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());

        house.Docker("rm", "-f", $"{house.Name}-squatter");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_network_that_is_gone_is_made_again_and_joined_by_the_same_containers()
    {
        await using var house = new House();
        house.ComposeWith("networks: {inner: , outer: }", ("store", "restart: unless-stopped\nnetworks: {inner: {aliases: [keeper]}}"), ("api", "networks: [inner, outer]\ndepends_on: {store: {condition: service_healthy}}"), ("bystander", "networks: [outer]")).Commit("Good");
        await house.ApplyAsync();
        var (before, started) = (await house.IdsAsync(), await StartsAsync(house, "api", "bystander"));

        // The one had to stop for that, the other was taken off.
        house.Docker("stop", "-t", "0", house.Container("store"));
        house.Docker("network", "disconnect", $"{house.Name}_inner", house.Container("api"));
        house.Docker("network", "rm", $"{house.Name}_inner");
        Assert.Contains("gone", (await house.HomeiqAsync("diff")).Out, StringComparison.Ordinal);

        await house.ApplyAsync();

        await house.ExpectReplacedAsync(before);
        await house.ExpectUpAsync("store", "api", "bystander");
        Assert.Equal(started, await StartsAsync(house, "api", "bystander"));
        Assert.Contains("healthy", house.Docker("exec", house.Container("api"), "curl", "-fsS", "http://keeper:8080/health"), StringComparison.Ordinal);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_network_that_was_made_again_by_hand_is_replaced_when_it_is_ours_and_told_when_it_is_not()
    {
        await using var house = new House();
        house.ComposeWith("networks: {inner: {labels: {floor: cellar}}}", ("store", "networks: {inner: {aliases: [keeper]}}"), ("api", "networks: [inner]\ndepends_on: {store: {condition: service_healthy}}")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var network = $"{house.Name}_inner";

        void Remake(params string[] settings)
        {
            house.Docker("network", "disconnect", network, house.Container("store"));
            house.Docker("network", "disconnect", network, house.Container("api"));
            house.Docker("network", "rm", network);
            house.Docker(["network", "create", .. settings, network]);
        }

        Remake("--internal", "--label", $"io.homeiq.instance={house.Name}");
        var diff = (await house.HomeiqAsync("diff")).Out;
        Assert.Contains("made again by hand with other settings", diff, StringComparison.Ordinal);
        Assert.Contains("internal", diff, StringComparison.Ordinal);
        Assert.Contains("label.floor", diff, StringComparison.Ordinal);
        await house.ApplyAsync();
        Assert.Equal("false cellar", house.Docker("network", "inspect", "--format", "{{.Internal}} {{.Labels.floor}}", network));
        await house.ExpectReplacedAsync(before);
        Assert.Contains("healthy", house.Docker("exec", house.Container("api"), "curl", "-fsS", "http://keeper:8080/health"), StringComparison.Ordinal);
        await house.ExpectSettledAsync();

        Remake("--internal");
        await house.ApplyAsync();
        Assert.Equal("true", house.Docker("network", "inspect", "--format", "{{.Internal}}", network));
        await house.ExpectReplacedAsync(before);
        Assert.Contains("healthy", house.Docker("exec", house.Container("api"), "curl", "-fsS", "http://keeper:8080/health"), StringComparison.Ordinal);
        Assert.Contains("network-drifted", (await house.HomeiqAsync("plan")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drift_is_told_or_kept_silent_where_the_policy_says_so()
    {
        await using var house = new House();
        house.Policy("services: {told: {drift: warn}, silent: {drift: ignore}}").Compose(("told", "mem_limit: 256m"), ("silent", "mem_limit: 256m"), ("mended", "mem_limit: 256m")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        foreach (var name in (string[])["told", "silent", "mended"])
        {
            house.Docker("update", "--memory", "64m", "--memory-swap", "64m", house.Container(name));
            house.Docker("network", "disconnect", $"{house.Name}_default", house.Container(name));
        }

        house.Docker("stop", "-t", "0", house.Container("told"));
        house.Docker("stop", "-t", "0", house.Container("silent"));
        await house.ApplyAsync();

        await house.ExpectReplacedAsync(before);
        Assert.Equal("exited 67108864", house.Inspect("told", "{{.State.Status}} {{.HostConfig.Memory}}"));
        Assert.Equal("exited 67108864", house.Inspect("silent", "{{.State.Status}} {{.HostConfig.Memory}}"));
        Assert.Equal("running 268435456", house.Inspect("mended", "{{.State.Status}} {{.HostConfig.Memory}}"));
        var diff = await house.HomeiqAsync("diff");
        Assert.Contains("told", diff.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("silent", diff.Out, StringComparison.Ordinal);
        var plan = await house.HomeiqAsync("plan");
        Assert.Contains("its policy is to warn [drift]", plan.Out, StringComparison.Ordinal);
        var status = await house.StatusAsync();
        Assert.Equal("OutOfSync", status.GetProperty("sync").GetString());
        Assert.Equal(["told"], Drifted(status));
    }

    [Fact]
    public async Task What_is_stopped_on_purpose_done_or_somebody_else_s_is_no_drift()
    {
        await using var house = new House();
        house.Compose(("app", ""), ("job", "image: homeiq-test/job:1.0.0\nhealthcheck: {disable: true}\nrestart: 'no'"), ("asleep", "scale: 0"), ("off", "profiles: [night]")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var done = (await house.ContainerAsync("job")).StartedAt;
        house.Docker("run", "-d", "--pull=never", "--name", $"{house.Name}-theirs", "--network", $"{house.Name}_default", "homeiq-test/app:1.0.0");
        house.Docker("stop", "-t", "0", $"{house.Name}-theirs");

        await house.ExpectSettledAsync();
        Assert.Equal(0, (await house.HomeiqAsync("diff")).Code);
        Assert.Equal(["app", "job"], before.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(done, (await house.ContainerAsync("job")).StartedAt);
        Assert.Equal("exited", house.Docker("inspect", "--format", "{{.State.Status}}", $"{house.Name}-theirs"));
    }

    private static async Task ExpectDriftAsync(House house, IReadOnlyList<string> names)
    {
        var diff = await house.HomeiqAsync("diff");
        Assert.Equal(1, diff.Code);
        Assert.All(names, name => Assert.Contains($"! {name} ", diff.Out, StringComparison.Ordinal));
        Assert.DoesNotContain("bystander", diff.Out, StringComparison.Ordinal);
        Assert.Equal(names.Order(StringComparer.Ordinal), Drifted(await house.StatusAsync()));
    }

    private static IEnumerable<string?> Drifted(JsonElement status) =>
        status.GetProperty("drift").EnumerateArray().Select(change => change.GetProperty("service").GetString()).Distinct().Order(StringComparer.Ordinal);

    private static async Task<List<DateTimeOffset?>> StartsAsync(House house, params string[] services)
    {
        var starts = new List<DateTimeOffset?>();
        foreach (var service in services)
        {
            starts.Add((await house.ContainerAsync(service)).StartedAt);
        }

        return starts;
    }
}
