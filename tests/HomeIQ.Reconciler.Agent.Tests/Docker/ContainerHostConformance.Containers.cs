using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>Obligations about containers: looking, creating, starting, stopping, renaming, removing.</summary>
public abstract partial class ContainerHostConformance
{
    private const string Unknown = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task The_engine_says_who_it_is()
    {
        var facts = await Host.DescribeAsync(Cancel);

        Assert.NotEmpty(facts.Id);
        Assert.NotEmpty(facts.Version);
        Assert.True(Version.TryParse(facts.ApiVersion, out _));
        Assert.Equal(facts, await Host.DescribeAsync(Cancel));
    }

    [Fact]
    public async Task An_unknown_container_is_none()
    {
        Assert.Null(await Host.FindContainerAsync(Unknown, Cancel));
        Assert.Null(await Host.FindContainerAsync(Named("nobody"), Cancel));
    }

    [Fact]
    public async Task A_container_is_found_by_id_and_by_name_as_the_list_has_it()
    {
        var id = await CreateAsync("a", App());

        var byId = await Host.FindContainerAsync(id, Cancel);
        var byName = await Host.FindContainerAsync(Named("a"), Cancel);
        var listed = Assert.Single(await Host.ListContainersAsync(Cancel), container => container.Id == id);

        Assert.Equal(listed, byId);
        Assert.Equal(listed, byName);
    }

    [Fact]
    public async Task The_beginning_of_an_id_finds_nothing()
    {
        var id = await CreateAsync("a", App());

        Assert.Null(await Host.FindContainerAsync(id[..12], Cancel));
    }

    [Fact]
    public async Task The_list_is_sorted_by_name()
    {
        await CreateAsync("b", App());
        await CreateAsync("a", App());
        await CreateAsync("B", App());

        var names = (await Host.ListContainersAsync(Cancel)).Select(container => container.Name).ToList();

        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Contains(Named("b"), names);
    }

    [Fact]
    public async Task A_created_container_is_not_started()
    {
        var seen = await LookAsync(await CreateAsync("a", App()));

        Assert.Equal(ContainerStatus.Created, seen.Status);
        Assert.Null(seen.StartedAt);
        Assert.Equal(Named("a"), seen.Name);
        Assert.Equal(await AppIdAsync(), seen.ImageId);
        Assert.Equal(0, seen.RestartCount);
        Assert.Null(seen.Owner);
    }

    [Fact]
    public async Task The_image_used_is_the_one_named_by_id_whatever_the_reference_means()
    {
        var other = (await Host.FindImageAsync(Images.Other, Cancel))!.Id;

        var id = await Host.CreateContainerAsync(Named("a"), App(), other, NoLabels, Cancel);

        Assert.Equal(other, (await LookAsync(id)).ImageId);
    }

    [Fact]
    public async Task A_container_says_the_reference_that_it_was_made_from_when_that_means_its_image()
    {
        Assert.Equal(Images.App, (await LookAsync(await CreateAsync("a", App()))).Image);
    }

    [Fact]
    public async Task A_container_carries_our_labels_as_its_owner_and_not_among_its_fields()
    {
        var owner = new Ownership("house", "web", "run-1", "abc123", "sha-1");
        var spec = App() with { Labels = new([KeyValuePair.Create("site", "attic")]) };

        var id = await Host.CreateContainerAsync(Named("a"), spec, await AppIdAsync(), owner.ToLabels(), Cancel);
        var seen = await LookAsync(id);

        Assert.Equal(owner, seen.Owner);
        Assert.Equal("attic", seen.Fields["Config.Labels.site"]);
        Assert.DoesNotContain(seen.Fields.Keys, field => field.Contains(Ownership.Prefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_is_given_only_once()
    {
        await CreateAsync("a", App());

        await FailsAsync(HostFailure.Conflict, () => CreateAsync("a", App()));
    }

    [Fact]
    public async Task An_unknown_image_makes_no_container()
    {
        await FailsAsync(HostFailure.NotFound, () => Host.CreateContainerAsync(Named("a"), App(), $"sha256:{Unknown}", NoLabels, Cancel));

        Assert.Null(await Host.FindContainerAsync(Named("a"), Cancel));
    }

    [Fact]
    public async Task A_container_reads_back_as_what_it_was_made_from()
    {
        var network = Named("net");
        await Host.CreateNetworkAsync(new(network), NoLabels, Cancel);
        var volume = Named("data");
        await Host.CreateVolumeAsync(new(volume), NoLabels, Cancel);
        var spec = CheckedApp(("TZ", "Europe/Berlin")) with
        {
            NetworkMode = null,
            Networks = [new(network) { Aliases = ["app"] }],
            Labels = ValueMap<string>.Empty.With("house", "blue"),
            Restart = new("on-failure", 3),
            Mounts = [new(MountKind.Volume, volume, "/data"), new(MountKind.Volume, "", "/scratch")],
            ExtraHosts = ["hub:10.0.0.1"],
            Memory = 64 << 20,
            CapAdd = ["NET_ADMIN"],
            StopGracePeriod = TimeSpan.FromSeconds(7),
            Logging = new("json-file", ValueMap<string>.Empty.With("max-size", "1m")),
        };
        var id = await CreateAsync("a", spec);
        await LookAsync(id);

        var made = await Host.ReadSpecificationAsync(id, Cancel);

        var service = new DesiredService { Name = "app", ContainerName = Named("a"), Spec = spec };
        Assert.Equal(spec, RunningService.Of(service, Named("a"), made, _ => null, _ => false).Spec);
        var bare = service with { Spec = new() { Image = spec.Image } };
        Assert.Equal(
            SpecFields.Of(spec).Where(field => field.Key != "mount./scratch"),
            SpecFields.Of(RunningService.Of(bare, Named("a"), made, _ => null, _ => false).Spec).Where(field => field.Key != "mount./scratch"));
    }

    [Fact]
    public async Task Settings_can_be_read_back_as_fields()
    {
        var spec = App(("GREETING", "good day")) with
        {
            Memory = 64 << 20,
            User = "1000:1000",
            WorkingDirectory = "/tmp",
            Restart = new("on-failure", 3),
            Command = ["echo", "hello"],
        };

        var seen = await LookAsync(await CreateAsync("a", spec));

        Assert.Equal("good day", seen.Fields["Config.Env.GREETING"]);
        Assert.Equal("67108864", seen.Fields["HostConfig.Memory"]);
        Assert.Equal("1000:1000", seen.Fields["Config.User"]);
        Assert.Equal("/tmp", seen.Fields["Config.WorkingDir"]);
        Assert.Equal("on-failure", seen.Fields["HostConfig.RestartPolicy.Name"]);
        Assert.Equal("3", seen.Fields["HostConfig.RestartPolicy.MaximumRetryCount"]);
        Assert.Equal("""["echo","hello"]""", seen.Fields["Config.Cmd"]);
        Assert.Equal(new RestartPolicy("on-failure", 3), seen.Restart);
    }

    [Fact]
    public async Task Containers_of_one_specification_have_equal_fields_and_of_two_have_not()
    {
        var one = await LookAsync(await CreateAsync("a", App()));
        var same = await LookAsync(await CreateAsync("b", App()));
        var other = await LookAsync(await CreateAsync("c", App(("GREETING", "x"))));

        Assert.Equal(one.Fields, same.Fields);
        Assert.NotEqual(one.Fields, other.Fields);
    }

    [Fact]
    public async Task Fields_stay_the_same_through_start_stop_and_start()
    {
        var network = await Host.CreateNetworkAsync(new(Named("net")), NoLabels, Cancel);
        var spec = CheckedApp() with
        {
            NetworkMode = null,
            Networks = [new(Named("net")) { Aliases = ["web"] }],
            Ports = [new(8080, HostAddress: "127.0.0.1")],
            Mounts = [new(MountKind.Volume, Named("data"), "/data"), new(MountKind.Volume, "", "/scratch")],
            Tmpfs = new([KeyValuePair.Create("/run", "size=1m")]),
            Restart = new("unless-stopped"),
        };
        var id = await CreateAsync("a", spec);
        var created = (await LookAsync(id)).Fields;

        await Host.StartContainerAsync(id, Cancel);
        var running = (await UntilAsync(id, container => container.Health == ContainerHealth.Healthy)).Fields;
        await Host.StopContainerAsync(id, null, Cancel);
        var stopped = (await LookAsync(id)).Fields;
        await Host.StartContainerAsync(id, Cancel);

        Assert.NotEmpty(network);
        Assert.Equal(created.ToString(), running.ToString());
        Assert.Equal(created.ToString(), stopped.ToString());
        Assert.Equal(created.ToString(), (await LookAsync(id)).Fields.ToString());
    }

    [Fact]
    public async Task A_start_starts_and_a_start_of_what_runs_changes_nothing()
    {
        var id = await CreateAsync("a", App());

        Assert.True(await Host.StartContainerAsync(id, Cancel));
        var first = await LookAsync(id);
        Assert.False(await Host.StartContainerAsync(id, Cancel));
        var second = await LookAsync(id);

        Assert.Equal(ContainerStatus.Running, first.Status);
        Assert.NotNull(first.StartedAt);
        Assert.Equal(first.StartedAt, second.StartedAt);
    }

    [Fact]
    public async Task A_stop_stops_and_a_stop_of_what_does_not_run_changes_nothing()
    {
        var id = await CreateAsync("a", App());

        Assert.False(await Host.StopContainerAsync(id, null, Cancel));
        await Host.StartContainerAsync(id, Cancel);
        Assert.True(await Host.StopContainerAsync(id, null, Cancel));
        Assert.Equal(ContainerStatus.Exited, (await LookAsync(id)).Status);
        Assert.False(await Host.StopContainerAsync(id, null, Cancel));
    }

    [Fact]
    public async Task A_stopped_container_starts_again_later_than_before()
    {
        var id = await RunAsync("a", App());
        var first = await LookAsync(id);
        await Host.StopContainerAsync(id, null, Cancel);

        Assert.True(await Host.StartContainerAsync(id, Cancel));

        Assert.True((await LookAsync(id)).StartedAt > first.StartedAt);
    }

    [Fact]
    public async Task Starting_stopping_and_unpausing_the_unknown_says_so()
    {
        await FailsAsync(HostFailure.NotFound, () => Host.StartContainerAsync(Unknown, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.StopContainerAsync(Unknown, null, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.UnpauseContainerAsync(Unknown, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.RenameContainerAsync(Unknown, Named("x"), Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.SetRestartPolicyAsync(Unknown, RestartPolicy.No, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.ReadLogsAsync(Unknown, 5, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.InspectRawAsync(Unknown, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.ExecuteAsync(Unknown, ["true"], Cancel));
    }

    [Fact]
    public async Task Unpausing_what_is_not_paused_changes_nothing()
    {
        var id = await RunAsync("a", App());

        await Host.UnpauseContainerAsync(id, Cancel);

        Assert.Equal(ContainerStatus.Running, (await LookAsync(id)).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_container_that_ends_leaves_its_exit_code(int code)
    {
        var id = await RunAsync("a", App(("EXIT", $"{code}")));

        var seen = await UntilAsync(id, container => container.Status == ContainerStatus.Exited);

        Assert.Equal(code, seen.ExitCode);
        Assert.Equal(0, seen.RestartCount);
    }

    [Fact]
    public async Task A_stop_without_grace_kills()
    {
        var id = await RunAsync("a", App(("STOP_DELAY", "30")));

        Assert.True(await Host.StopContainerAsync(id, TimeSpan.Zero, Cancel));

        Assert.Equal(137, (await LookAsync(id)).ExitCode);
    }

    [Fact]
    public async Task A_stop_uses_the_containers_own_grace_period()
    {
        var id = await RunAsync("a", App(("STOP_DELAY", "30")) with { StopGracePeriod = TimeSpan.FromSeconds(1) });

        await Host.StopContainerAsync(id, null, Cancel).WaitAsync(TimeSpan.FromSeconds(8), Cancel);

        Assert.Equal(137, (await LookAsync(id)).ExitCode);
    }

    [Fact]
    public async Task A_container_that_keeps_ending_is_started_by_the_engine_until_it_is_disarmed()
    {
        var id = await RunAsync("a", App(("EXIT", "1")) with { Restart = new("always") });
        await UntilAsync(id, container => container.RestartCount >= 2);

        await Host.SetRestartPolicyAsync(id, RestartPolicy.No, Cancel);
        await Host.StopContainerAsync(id, TimeSpan.Zero, Cancel);
        var stopped = await LookAsync(id);

        Assert.Equal(ContainerStatus.Exited, stopped.Status);
        Assert.Equal(RestartPolicy.No, stopped.Restart);
    }

    [Fact]
    public async Task A_changed_restart_policy_is_all_that_changes()
    {
        var id = await RunAsync("a", App() with { Restart = new("on-failure", 5), Memory = 64 << 20 });
        var before = await LookAsync(id);

        await Host.SetRestartPolicyAsync(id, new("unless-stopped"), Cancel);
        var after = await LookAsync(id);
        await Host.SetRestartPolicyAsync(id, new("on-failure", 5), Cancel);

        Assert.Equal(new RestartPolicy("unless-stopped"), after.Restart);
        Assert.Equal(before.StartedAt, after.StartedAt);
        Assert.Equal(
            before.Fields.Where(field => !field.Key.StartsWith("HostConfig.RestartPolicy", StringComparison.Ordinal)),
            after.Fields.Where(field => !field.Key.StartsWith("HostConfig.RestartPolicy", StringComparison.Ordinal)));
        Assert.Equal(before.Fields, (await LookAsync(id)).Fields);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_update_changes_what_it_names_and_nothing_else(bool running)
    {
        var spec = App() with { Memory = 64 << 20, MemoryReservation = 32 << 20, CpuShares = 512, NanoCpus = 500_000_000, PidsLimit = 100, CpusetCpus = "0", Restart = new("on-failure", 5) };
        var id = running ? await RunAsync("a", spec) : await CreateAsync("a", spec);
        var before = await LookAsync(id);
        var update = new ContainerUpdate { Memory = 48 << 20, MemorySwap = 96 << 20, CpuShares = 256 };

        await Host.UpdateContainerAsync(id, update, Cancel);
        await Host.UpdateContainerAsync(id, update, Cancel);
        var after = await LookAsync(id);

        Assert.Equal(before with { Fields = after.Fields }, after with { LastHealthOutput = before.LastHealthOutput });
        Assert.Equal(
            before.Fields.With("HostConfig.Memory", $"{48 << 20}").With("HostConfig.MemorySwap", $"{96 << 20}").With("HostConfig.CpuShares", "256").ToString(), after.Fields.ToString());
    }

    [Fact]
    public async Task What_was_updated_is_as_it_was_after_an_update_back()
    {
        var id = await RunAsync("a", App() with { Memory = 64 << 20, CpuShares = 512, NanoCpus = 500_000_000, PidsLimit = 100, CpusetCpus = "0", Restart = new("on-failure", 5) });
        var made = (await LookAsync(id)).Fields;

        await Host.UpdateContainerAsync(id, new() { Memory = 512 << 20, MemorySwap = 1 << 30, CpuShares = 2, NanoCpus = 1_000_000_000, PidsLimit = 7, Restart = new("always") }, Cancel);
        var drifted = (await LookAsync(id)).Fields;
        await Host.UpdateContainerAsync(id, ContainerUpdate.Back(made, made.Keys.Where(field => drifted.GetValueOrDefault(field) != made[field]))!, Cancel);

        Assert.Equal("536870912", drifted["HostConfig.Memory"]);
        Assert.Equal(made.ToString(), (await LookAsync(id)).Fields.ToString());
    }

    [Fact]
    public async Task A_limit_on_processes_that_was_never_set_can_be_taken_away_again_and_one_on_memory_cannot()
    {
        var id = await RunAsync("a", App());
        var made = (await LookAsync(id)).Fields;

        await Host.UpdateContainerAsync(id, new() { PidsLimit = 50 }, Cancel);
        Assert.Equal("50", (await LookAsync(id)).Fields["HostConfig.PidsLimit"]);
        await Host.UpdateContainerAsync(id, new() { PidsLimit = 0 }, Cancel);
        Assert.Equal(made.ToString(), (await LookAsync(id)).Fields.ToString());

        await Host.UpdateContainerAsync(id, new() { Memory = 64 << 20, MemorySwap = 64 << 20 }, Cancel);
        await Host.UpdateContainerAsync(id, new() { Memory = 0, MemorySwap = 0 }, Cancel);
        Assert.Equal($"{64 << 20}", (await LookAsync(id)).Fields["HostConfig.Memory"]);
    }

    [Fact]
    public async Task A_refused_update_changes_nothing()
    {
        var id = await RunAsync("a", App() with { Memory = 64 << 20, MemorySwap = 64 << 20, NanoCpus = 500_000_000 });
        var before = (await LookAsync(id)).Fields;

        await FailsAsync(HostFailure.Invalid, () => Host.UpdateContainerAsync(id, new() { Memory = 1000, CpuShares = 3 }, Cancel));
        await FailsAsync(HostFailure.Conflict, () => Host.UpdateContainerAsync(id, new() { Memory = 1 << 30, CpuShares = 3 }, Cancel));
        await FailsAsync(HostFailure.Conflict, () => Host.UpdateContainerAsync(id, new() { CpuQuota = 20000, CpuShares = 3 }, Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.UpdateContainerAsync(Unknown, new() { CpuShares = 3 }, Cancel));

        Assert.Equal(before.ToString(), (await LookAsync(id)).Fields.ToString());
    }

    [Fact]
    public async Task A_paused_container_is_updated_as_well()
    {
        var id = await RunAsync("a", App() with { CpuShares = 512 });
        await PauseAsync(id);

        await Host.UpdateContainerAsync(id, new() { CpuShares = 256 }, Cancel);

        var seen = await LookAsync(id);
        Assert.Equal((ContainerStatus.Paused, "256"), (seen.Status, seen.Fields["HostConfig.CpuShares"]));
        await Host.UnpauseContainerAsync(id, Cancel);
    }

    [Fact]
    public async Task A_renamed_container_frees_its_name_and_stays_the_same()
    {
        var id = await RunAsync("a", App());
        var before = await LookAsync(id);

        await Host.RenameContainerAsync(id, Named("kept"), Cancel);
        var after = await LookAsync(id);

        Assert.Equal(before with { Name = Named("kept") }, after);
        Assert.Null(await Host.FindContainerAsync(Named("a"), Cancel));
        Assert.NotEmpty(await CreateAsync("a", App()));
    }

    [Fact]
    public async Task A_name_that_is_taken_cannot_be_taken_by_renaming()
    {
        await CreateAsync("a", App());
        var id = await CreateAsync("b", App());

        await FailsAsync(HostFailure.Conflict, () => Host.RenameContainerAsync(id, Named("a"), Cancel));

        Assert.Equal(Named("b"), (await LookAsync(id)).Name);
    }

    [Fact]
    public async Task Renaming_to_the_own_name_changes_nothing()
    {
        var id = await CreateAsync("a", App());

        await Host.RenameContainerAsync(id, Named("a"), Cancel);

        Assert.Equal(Named("a"), (await LookAsync(id)).Name);
    }

    [Fact]
    public async Task A_removed_container_is_gone_and_can_be_removed_again()
    {
        var id = await RunAsync("a", App());
        await Host.StopContainerAsync(id, null, Cancel);

        Assert.True(await Host.RemoveContainerAsync(id, Cancel));

        Assert.Null(await Host.FindContainerAsync(id, Cancel));
        Assert.False(await Host.RemoveContainerAsync(id, Cancel));
        Assert.NotEmpty(await CreateAsync("a", App()));
    }

    [Fact]
    public async Task A_running_container_is_not_removed()
    {
        var id = await RunAsync("a", App());

        await FailsAsync(HostFailure.Conflict, () => Host.RemoveContainerAsync(id, Cancel));

        Assert.Equal(ContainerStatus.Running, (await LookAsync(id)).Status);
    }

    [Fact]
    public async Task The_raw_inspect_is_the_engines_own_text()
    {
        var id = await CreateAsync("a", App());

        Assert.Contains(id, await Host.InspectRawAsync(id, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_says_that_it_was_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Host.ListContainersAsync(cancelled.Token));
    }
}
