using System.Formats.Tar;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>Obligations about what runs: health, logs, commands, ports, events, and about images.</summary>
public abstract partial class ContainerHostConformance
{
    [Fact]
    public async Task Without_a_health_check_there_is_no_health()
    {
        var plain = await LookAsync(await RunAsync("a", App()));
        var disabled = await LookAsync(await RunAsync("b", App() with { HealthCheck = HealthCheck.Disabled }));

        Assert.Equal(ContainerHealth.None, plain.Health);
        Assert.Equal(ContainerHealth.None, disabled.Health);
    }

    [Fact]
    public async Task Health_begins_as_starting_and_becomes_healthy()
    {
        var id = await CreateAsync("a", CheckedApp(("START_DELAY", "1")));
        await Host.StartContainerAsync(id, Cancel);

        Assert.Equal(ContainerHealth.Starting, (await LookAsync(id)).Health);
        var healthy = await UntilAsync(id, container => container.Health == ContainerHealth.Healthy);

        Assert.Equal(0, healthy.FailingStreak);
        Assert.NotNull(healthy.LastHealthOutput);
    }

    [Fact]
    public async Task A_check_that_keeps_failing_makes_it_unhealthy()
    {
        var id = await RunAsync("a", CheckedApp(("NEVER_HEALTHY", "1")));

        var sick = await UntilAsync(id, container => container.Health == ContainerHealth.Unhealthy);

        Assert.True(sick.FailingStreak >= 2);
        Assert.NotNull(sick.LastHealthOutput);
        Assert.Equal(ContainerStatus.Running, sick.Status);
    }

    [Fact]
    public async Task Health_of_an_earlier_start_does_not_count()
    {
        var id = await RunAsync("a", CheckedApp());
        await UntilAsync(id, container => container.Health == ContainerHealth.Healthy);

        await Host.StopContainerAsync(id, null, Cancel);
        var stopped = await LookAsync(id);
        await Host.StartContainerAsync(id, Cancel);
        var again = await LookAsync(id);

        Assert.Equal((ContainerHealth.Starting, null), (stopped.Health, stopped.LastHealthOutput));
        Assert.Equal((ContainerHealth.Starting, null), (again.Health, again.LastHealthOutput));
        await UntilAsync(id, container => container.Health == ContainerHealth.Healthy);
    }

    [Fact]
    public async Task Logs_come_in_order_and_no_more_than_asked_for()
    {
        var id = await RunAsync("a", App() with { Command = ["echo", "one\ntwo\nthree"] });
        await UntilAsync(id, container => container.Status == ContainerStatus.Exited);

        Assert.Equal(["one", "two", "three"], await Host.ReadLogsAsync(id, 10, Cancel));
        Assert.Equal(["two", "three"], await Host.ReadLogsAsync(id, 2, Cancel));
    }

    [Fact]
    public async Task Logs_are_followed_until_the_container_ends_and_read_from_some_moment_on()
    {
        var id = await RunAsync("a", App() with { Command = ["echo", "one\ntwo\nthree"] });

        Assert.Equal(["one", "two", "three"], await StreamAsync(tail: null, since: null, follow: true));
        Assert.Equal(["three"], await StreamAsync(tail: 1, since: null, follow: false));
        var began = (await LookAsync(id)).StartedAt!.Value;
        Assert.Equal(["one", "two", "three"], await StreamAsync(tail: null, since: began.AddMinutes(-1), follow: false));
        Assert.Empty(await StreamAsync(tail: null, since: began.AddHours(1), follow: false));

        async Task<List<string>> StreamAsync(int? tail, DateTimeOffset? since, bool follow)
        {
            var lines = new List<string>();
            await foreach (var line in Host.StreamLogsAsync(id, tail, since, follow, Cancel))
            {
                lines.Add(line);
            }

            return lines;
        }
    }

    [Fact]
    public async Task What_never_ran_has_no_logs()
    {
        Assert.Empty(await Host.ReadLogsAsync(await CreateAsync("a", App()), 10, Cancel));
    }

    [Fact]
    public async Task A_command_inside_gives_its_exit_code_and_output()
    {
        var id = await RunAsync("a", App());

        Assert.Equal(new ExecResult(0, ""), await Host.ExecuteAsync(id, ["true"], Cancel));
        Assert.Equal(new ExecResult(1, ""), await Host.ExecuteAsync(id, ["false"], Cancel));
        Assert.Equal(new ExecResult(0, "good day\n"), await Host.ExecuteAsync(id, ["echo", "good day"], Cancel));
    }

    [Fact]
    public async Task A_command_that_is_not_there_fails_as_a_command()
    {
        var id = await RunAsync("a", App());

        Assert.NotEqual(0, (await Host.ExecuteAsync(id, ["/no/such/program"], Cancel)).ExitCode);
    }

    [Fact]
    public async Task No_command_runs_in_a_stopped_container()
    {
        var id = await CreateAsync("a", App());

        await FailsAsync(HostFailure.Conflict, () => Host.ExecuteAsync(id, ["true"], Cancel));
    }

    [Fact]
    public async Task Ports_are_known_while_stopped_and_published_while_running()
    {
        var network = Named("net");
        await Host.CreateNetworkAsync(new(network), NoLabels, Cancel);
        var port = new PortBinding(8080, "tcp", "127.0.0.1", FreePort());
        var id = await CreateAsync("a", App() with { NetworkMode = null, Networks = [new(network)], Ports = [port] });
        var created = await LookAsync(id);

        await Host.StartContainerAsync(id, Cancel);
        var running = await LookAsync(id);
        await Host.StopContainerAsync(id, null, Cancel);
        var stopped = await LookAsync(id);

        Assert.Equal([port], created.Ports);
        Assert.Empty(created.PublishedPorts);
        Assert.Equal([port], running.PublishedPorts);
        Assert.Equal([port], stopped.Ports);
        Assert.Empty(stopped.PublishedPorts);
    }

    [Fact]
    public async Task A_port_that_the_engine_picks_carries_its_number_while_published()
    {
        var network = Named("net");
        await Host.CreateNetworkAsync(new(network), NoLabels, Cancel);

        var seen = await LookAsync(await RunAsync("a", App() with { NetworkMode = null, Networks = [new(network)], Ports = [new(8080)] }));

        Assert.Equal([new PortBinding(8080)], seen.Ports);
        var published = Assert.Single(seen.PublishedPorts);
        Assert.Equal(("", 8080), (published.HostAddress, published.ContainerPort));
        Assert.True(published.HostPort > 0);
    }

    [Fact]
    public async Task A_taken_port_refuses_the_start_until_it_is_free()
    {
        var network = Named("net");
        await Host.CreateNetworkAsync(new(network), NoLabels, Cancel);
        var spec = App() with { NetworkMode = null, Networks = [new(network)], Ports = [new(8080, HostAddress: "127.0.0.1", HostPort: FreePort())] };
        var holder = await RunAsync("a", spec);
        var waiting = await CreateAsync("b", spec);

        await FailsAsync(HostFailure.PortTaken, () => Host.StartContainerAsync(waiting, Cancel));
        Assert.NotEqual(ContainerStatus.Running, (await LookAsync(waiting)).Status);

        await Host.StopContainerAsync(holder, null, Cancel);
        Assert.True(await Host.StartContainerAsync(waiting, Cancel));
    }

    [Fact]
    public async Task Events_tell_of_everything_since_a_moment()
    {
        var id = await RunAsync("a", CheckedApp());
        var seen = await UntilAsync(id, container => container.Health == ContainerHealth.Healthy);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);

        var actions = new List<string>();
        await foreach (var happened in Host.WatchAsync(seen.StartedAt - TimeSpan.FromSeconds(1), patience.Token))
        {
            if (happened.Kind == "container" && happened.ActorId == id)
            {
                actions.Add(happened.Action);
                Assert.Equal(Named("a"), happened.Attributes["name"]);
            }

            if (actions is [.., "health_status: healthy"])
            {
                // The next one happens only now.
                await Host.StopContainerAsync(id, null, Cancel);
            }
            else if (actions.Contains("die"))
            {
                break;
            }
        }

        Assert.Equal(["create", "start", "health_status: healthy", "kill", "die"], actions);
    }

    [Theory]
    [InlineData(true, "start kill die")]
    [InlineData(false, "start die")]
    public async Task What_ended_a_container_is_recalled(bool byStop, string expected)
    {
        var id = await RunAsync("a", byStop ? App() : App() with { Environment = new([new("EXIT", "0")]) });
        var other = await RunAsync("b", App());
        if (byStop)
        {
            await Host.StopContainerAsync(id, null, Cancel);
        }

        var seen = await UntilAsync(id, container => container.Status == ContainerStatus.Exited);
        // An engine may write down the start of a very short life after its end.
        Assert.True(seen.EndedAt >= seen.StartedAt - TimeSpan.FromSeconds(1), $"{seen.StartedAt:O} to {seen.EndedAt:O}");
        // It does not wait for the moment when it knows the end.
        var recalled = await Host.RecallAsync(id, seen.StartedAt!.Value, seen.EndedAt!.Value + TimeSpan.FromDays(1), Cancel);

        Assert.All(recalled, happened => Assert.Equal(id, happened.ActorId));
        Assert.Equal(expected, string.Join(' ', recalled.Select(happened => happened.Action).Where(expected.Contains)));
        Assert.Null((await LookAsync(other)).EndedAt);
    }

    [Fact]
    public async Task An_image_is_found_by_reference_and_by_id()
    {
        var image = await Host.FindImageAsync(Images.App, Cancel);

        Assert.NotNull(image);
        Assert.Equal(image, await Host.FindImageAsync(image.Id, Cancel));
        Assert.NotEqual(image.Id, (await Host.FindImageAsync(Images.Other, Cancel))!.Id);
        Assert.Null(image.BuildDigest);
        Assert.Null(await Host.FindImageAsync("nobody/nothing:1", Cancel));
        Assert.Null(await Host.FindImageAsync($"sha256:{Unknown}", Cancel));
        Assert.Null(await Host.FindImageAsync(image.Id["sha256:".Length..][..8], Cancel));
    }

    [Fact]
    public async Task A_tag_is_given_moved_and_taken_away()
    {
        var tag = $"{Named("keep")}:1";
        var app = (await Host.FindImageAsync(Images.App, Cancel))!.Id;
        var other = (await Host.FindImageAsync(Images.Other, Cancel))!.Id;

        await Host.TagImageAsync(app, tag, Cancel);
        await Host.TagImageAsync(app, tag, Cancel);
        Assert.Equal(app, (await Host.FindImageAsync(tag, Cancel))!.Id);

        await Host.TagImageAsync(other, tag, Cancel);
        Assert.Equal(other, (await Host.FindImageAsync(tag, Cancel))!.Id);

        Assert.True(await Host.UntagImageAsync(tag, Cancel));
        Assert.False(await Host.UntagImageAsync(tag, Cancel));
        Assert.Null(await Host.FindImageAsync(tag, Cancel));
        Assert.NotNull(await Host.FindImageAsync(other, Cancel));
    }

    [Fact]
    public async Task Tags_below_a_path_are_listed_and_no_others()
    {
        var path = $"{Named("keep")}/home";
        var app = (await Host.FindImageAsync(Images.App, Cancel))!.Id;
        var other = (await Host.FindImageAsync(Images.Other, Cancel))!.Id;
        string[] tags = [$"{path}/a:1", $"{path}/b:1", $"{path}/b:2", $"{path}:1", $"{path}s/a:1", $"{path}/deeper/a:1"];
        foreach (var (tag, image) in tags.Zip((string[])[app, app, other, app, app, app]))
        {
            await Host.TagImageAsync(image, tag, Cancel);
        }

        var listed = await Host.ListTagsAsync(path, Cancel);
        foreach (var tag in tags)
        {
            await Host.UntagImageAsync(tag, Cancel);
        }

        Assert.Equal(new ValueMap<string>([new(tags[0], app), new(tags[1], app), new(tags[2], other)]), listed);
        Assert.Empty(await Host.ListTagsAsync(path, Cancel));
    }

    [Fact]
    public async Task An_image_is_built_under_its_tag_and_says_what_from()
    {
        var built = await BuildAsync($"{Named("built")}:1");

        Assert.Equal("digest-1", built.BuildDigest);
        Assert.Equal(built, await Host.FindImageAsync($"{Named("built")}:1", Cancel));
        Assert.True(await Host.UntagImageAsync($"{Named("built")}:1", Cancel));
        Assert.Null(await Host.FindImageAsync(built.Id, Cancel));
    }

    [Fact]
    public async Task An_image_that_a_container_uses_keeps_its_last_name_even_when_the_container_is_stopped()
    {
        var tag = $"{Named("built")}:1";
        var built = await BuildAsync(tag);
        var id = await Host.CreateContainerAsync(Named("a"), App() with { Image = tag }, built.Id, NoLabels, Cancel);

        Assert.False(await Host.UntagImageAsync(tag, Cancel));
        Assert.Equal(built, await Host.FindImageAsync(tag, Cancel));

        await Host.TagImageAsync(built.Id, $"{tag}-other", Cancel);
        Assert.True(await Host.UntagImageAsync(tag, Cancel));
        Assert.True(await Host.StartContainerAsync(id, Cancel));

        await Host.StopContainerAsync(id, null, Cancel);
        await Host.RemoveContainerAsync(id, Cancel);
        Assert.True(await Host.UntagImageAsync($"{tag}-other", Cancel));
        Assert.Null(await Host.FindImageAsync(built.Id, Cancel));
    }

    [Fact]
    public async Task An_unknown_image_gets_no_tag()
    {
        await FailsAsync(HostFailure.NotFound, () => Host.TagImageAsync($"sha256:{Unknown}", $"{Named("x")}:1", Cancel));
    }

    private async Task<ObservedImage> BuildAsync(string tag)
    {
        using var context = new MemoryStream();
        await using (var writer = new TarWriter(context, leaveOpen: true))
        {
            var dockerfile = new MemoryStream(Encoding.UTF8.GetBytes($"FROM {Images.App}\nLABEL made-for={prefix}\n"));
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "Dockerfile") { DataStream = dockerfile }, Cancel);
        }

        context.Position = 0;
        var spec = new BuildSpec { Context = "", Dockerfile = "Dockerfile", Digest = "digest-1" };
        return await Host.BuildImageAsync(new(tag, "Dockerfile", spec, NoLabels), context, new Ignored(), Cancel);
    }

    private sealed class Ignored : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
