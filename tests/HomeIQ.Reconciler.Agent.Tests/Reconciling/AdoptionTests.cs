using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What Compose runs is taken over as it runs, and a lost state directory is rebuilt from labels: no container is touched by either.</summary>
public sealed class AdoptionTests : IDisposable
{
    private const string Project = "com.docker.compose.project";
    private const string ServiceLabel = "com.docker.compose.service";

    private readonly Stage stage = new();

    public AdoptionTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task Adopting_keeps_the_images_records_and_touches_no_container()
    {
        await ComposeUpAsync(Stacks.Three());
        var before = await stage.IdsAsync();

        var report = await AdoptAsync();

        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        Assert.All(stage.Engine.Transcript.Take().Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("tag ", line, StringComparison.Ordinal));
        Assert.Equal(before, await stage.IdsAsync());
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task Looking_alone_records_nothing()
    {
        await ComposeUpAsync(Stacks.Three());

        using var process = stage.Begin();
        var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours: false, Cancel);

        Assert.Equal(3, adopting.Adoption!.Services.Count);
        Assert.Equal(["house_default"], adopting.Adoption.Networks);
        Assert.Equal(["house_data"], adopting.Adoption.Volumes);
        Assert.Equal("", stage.Engine.Transcript.Take());
        Assert.Null(process.Journal.Pointers().Effective);
        Assert.Empty(process.Journal.RunIds());
    }

    [Fact]
    public async Task What_is_not_as_the_commit_says_is_shown_stays_as_it_is_and_is_pending_afterwards()
    {
        await ComposeUpAsync(
            Stacks.Three(more: Stacks.Lonely()),
            (service, spec) => service switch
            {
                "db" => spec with { Environment = spec.Environment.With("TZ", "UTC"), Memory = 64 << 20 },
                "lonely" => null,
                _ => spec,
            });
        var before = await stage.IdsAsync();

        var (adoption, report) = await LookAndAdoptAsync();
        using var process = stage.Begin();
        var plan = (await process.Reconciliation.PlanAsync(null, refresh: false, Cancel)).Plan!;

        Assert.Equal(ApplyResult.Applied, report.Result);
        Assert.Equal(["lonely"], adoption.Missing);
        var db = Assert.Single(adoption.Services, service => service.Fields.Count > 0);
        Assert.Equal("db", db.Service);
        Assert.Equal([new("env.TZ", null, null, Secret: true), new("memory", "64M", null)], db.Fields);
        Assert.Equal(before, await stage.IdsAsync());
        Assert.Equal([new ServiceChanged("db", db.Fields), new ServiceAdded("lonely")], plan.Changes);
        Assert.Empty(plan.Refusals);
        Assert.Empty(plan.Approvals);
    }

    [Fact]
    public async Task An_upgrade_replaces_the_adopted_container_alone_and_clears_it_away()
    {
        await ComposeUpAsync(Stacks.Three());
        await AdoptAsync();
        var before = await stage.IdsAsync();
        stage.Commit(Stacks.Three(web: "1.1.0"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        var after = await stage.IdsAsync();
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["web"], before.Keys.Where(name => before[name] != after[name]));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_bad_upgrade_puts_the_adopted_container_itself_back()
    {
        await ComposeUpAsync(Stacks.Three());
        await AdoptAsync();
        var before = await stage.IdsAsync();
        stage.Commit(Stacks.Three(db: "1.9.0-sick"));

        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);

        Assert.Equal(before, (await stage.IdsAsync()).Where(container => !ContainerNames.IsFailed(container.Key)).ToDictionary());
        Assert.All(before.Keys, name => Assert.Contains($"{name} running", stage.Picture, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Going_back_by_hand_makes_the_adopted_container_again_from_what_was_sealed()
    {
        await ComposeUpAsync(Stacks.Three(), (service, spec) => service == "web" ? spec with { Environment = spec.Environment.With("TZ", "UTC") } : spec);
        await AdoptAsync();
        stage.Commit(Stacks.Three(web: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        var web = (await stage.FindAsync("web"))!;
        Assert.Equal("house/app:1.0.0", web.Image);
        Assert.Equal("UTC", web.Fields["Config.Env.TZ"]);
    }

    [Fact]
    public async Task Drift_of_an_adopted_container_is_put_right_and_the_container_stays()
    {
        await ComposeUpAsync(Stacks.Three());
        await AdoptAsync();
        var before = await stage.IdsAsync();
        stage.Engine.StopByHand("api");
        stage.Engine.RenameByHand("web", "page");
        stage.Engine.DisconnectByHand("db", "house_default");

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        Assert.Equal(before, await stage.IdsAsync());
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_container_of_another_name_is_renamed_by_the_next_apply_and_runs_on()
    {
        await ComposeUpAsync(Stacks.Three(), nameOf: name => name == "web" ? "house_web_1" : name);
        var (adoption, _) = await LookAndAdoptAsync();
        var id = (await stage.FindAsync("house_web_1"))!.Id;
        stage.Engine.Transcript.Take();

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        Assert.Contains(adoption.Notes, note => note is { Code: "other-name", Subject: "web" });
        Assert.Equal(id, (await stage.FindAsync("web"))!.Id);
        Assert.Equal("rename house_web_1 to web\n", stage.Engine.Transcript.Take().TrimEnd('\n') + "\n");
    }

    [Fact]
    public async Task An_adopted_network_is_ours_to_replace()
    {
        await ComposeUpAsync(Stacks.Network("10.9.0.0/24"));
        await AdoptAsync();
        stage.Commit(Stacks.Network("10.9.1.0/24"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Theory]
    [InlineData("other-project")]
    [InlineData("instance")]
    [InlineData("several")]
    [InlineData("nothing")]
    public async Task What_is_not_to_be_taken_over_refuses_it(string code)
    {
        await ComposeUpAsync(
            Stacks.Three(),
            (service, spec) => code == "nothing" ? null : spec,
            labels: code switch
            {
                "other-project" => labels => labels.With(Project, "elsewhere"),
                "instance" => labels => new([.. labels, .. new Ownership("cabin", "db", "r", "c", "d").ToLabels()]),
                _ => labels => labels,
            });
        if (code == "several")
        {
            await RunAsync("house-db-2", new ContainerSpec { Image = "house/app:1.0.0" }, Labels("db"));
        }

        stage.Engine.Transcript.Take();

        using var process = stage.Begin();
        var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours: false, Cancel);

        Assert.Contains(code, adopting.Adoption!.Refusals.Select(refusal => refusal.Code));
        Assert.All(adopting.Adoption.Refusals, refusal => Assert.NotNull(refusal.Hint));
    }

    [Fact]
    public async Task Where_a_state_is_held_there_is_nothing_to_adopt()
    {
        await ComposeUpAsync(Stacks.Three());
        await AdoptAsync();

        using var process = stage.Begin();
        var again = await process.Reconciliation.LookAtAdoptionAsync(null, ours: false, Cancel);
        var ours = await process.Reconciliation.LookAtAdoptionAsync(null, ours: true, Cancel);

        Assert.Equal(ApplyResult.Refused, again.Obstacle!.Result);
        Assert.Contains("already", again.Obstacle.Summary, StringComparison.Ordinal);
        Assert.Equal(ApplyResult.NothingToDo, ours.Obstacle!.Result);
    }

    [Fact]
    public async Task What_somebody_changes_between_the_look_and_the_record_is_not_recorded()
    {
        await ComposeUpAsync(Stacks.Three());
        using (var process = stage.Begin())
        {
            var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours: false, Cancel);
            stage.Engine.UpdateByHand("db", new ContainerUpdate { Memory = 128 << 20, MemorySwap = 256 << 20 });

            var report = await process.Reconciliation.AdoptAsync(adopting, Cancel);

            Assert.Equal(ApplyResult.Refused, report.Result);
            Assert.Contains("db", report.Summary, StringComparison.Ordinal);
            Assert.Null(process.Journal.Pointers().Effective);
        }

        Assert.Equal(ApplyResult.Applied, (await AdoptAsync()).Result);
    }

    [Fact]
    public async Task Killed_at_any_point_it_has_recorded_all_or_nothing_and_touched_no_container()
    {
        await ComposeUpAsync(Stacks.Three());
        var before = await stage.IdsAsync();
        var cuts = 0;
        for (var isCut = true; isCut; cuts++)
        {
            using var process = stage.Begin(cuts + 1);
            try
            {
                var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours: false, Cancel);
                if (adopting.Adoption is not null)
                {
                    await process.Reconciliation.AdoptAsync(adopting, Cancel);
                }
            }
            catch (Exception) when (process.Life.IsCut)
            {
                // The process is gone; what it left is looked at below, and by the next one.
            }

            isCut = process.Life.IsCut;
            Assert.Equal(before, await stage.IdsAsync());
        }

        Assert.True(cuts > 8, $"only {cuts} points");
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        Assert.Equal(before, await stage.IdsAsync());
    }

    [Fact]
    public async Task A_lost_state_directory_is_rebuilt_from_labels_and_nothing_is_touched()
    {
        stage.Write("desired-state/lamp.conf", "bright");
        stage.Commit(Stacks.Lamp);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        var before = await stage.IdsAsync();
        Directory.Delete(stage.StateFolder, recursive: true);
        Assert.Equal(ApplyResult.AwaitingApproval, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();

        var (adoption, report) = await LookAndAdoptAsync(ours: true);

        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        Assert.All(adoption.Services, service => Assert.Empty(service.Fields));
        Assert.Contains("generations to roll back to", AdoptionText.Of(adoption), StringComparison.Ordinal);
        Assert.Equal(before, await stage.IdsAsync());
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Refused, (await stage.RollbackAsync()).Result);

        stage.Write("desired-state/lamp.conf", "dim");
        stage.Commit(Stacks.Lamp);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Applied, (await stage.RollbackAsync()).Result);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_host_that_was_taken_over_once_is_rebuilt_from_labels_and_from_what_never_had_one()
    {
        await ComposeUpAsync(Stacks.Three());
        await AdoptAsync();
        stage.Commit(Stacks.Three(web: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        var before = await stage.IdsAsync();
        Directory.Delete(stage.StateFolder, recursive: true);

        var (adoption, _) = await LookAndAdoptAsync(ours: true);

        Assert.Equal(["api", "db", "web"], adoption.Services.Select(service => service.Service));
        Assert.Equal(before, await stage.IdsAsync());
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_service_of_ours_that_the_commit_does_not_have_goes_by_the_usual_rules()
    {
        stage.Commit(Stacks.Three(more: Stacks.Lonely()));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Directory.Delete(stage.StateFolder, recursive: true);
        stage.Commit(Stacks.Three());

        var (adoption, _) = await LookAndAdoptAsync(ours: true);

        Assert.Contains(adoption.Notes, note => note is { Code: "not-in-commit", Subject: "lonely" });
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Null(await stage.FindAsync("lonely"));
    }

    [Fact]
    public async Task A_first_install_that_is_not_finished_is_not_taken_for_good()
    {
        stage.Commit(Stacks.Three(web: "1.9.0-sick"));
        Assert.Equal(ApplyResult.Incomplete, (await stage.ApplyAsync()).Result);

        using var process = stage.Begin();
        var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours: true, Cancel);

        Assert.Equal(ApplyResult.Refused, adopting.Obstacle!.Result);
        Assert.Contains("not finished", adopting.Obstacle.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_any_container_of_ours_there_is_nothing_to_rebuild()
    {
        await ComposeUpAsync(Stacks.Three());

        using var process = stage.Begin();
        var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours: true, Cancel);

        Assert.Equal("nothing", Assert.Single(adopting.Adoption!.Refusals).Code);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<ApplyReport> AdoptAsync() => (await LookAndAdoptAsync()).Report;

    private async Task<(Adoption Adoption, ApplyReport Report)> LookAndAdoptAsync(bool ours = false)
    {
        using var process = stage.Begin();
        var adopting = await process.Reconciliation.LookAtAdoptionAsync(null, ours, Cancel);
        Assert.True(adopting.Adoption is not null, adopting.Obstacle?.Summary);
        Assert.Empty(adopting.Adoption.Refusals);
        return (adopting.Adoption, await process.Reconciliation.AdoptAsync(adopting, Cancel));
    }

    /// <summary>Has somebody else make what a commit says, with Compose's labels on it.</summary>
    /// <param name="as">How a service is made; null to leave it out.</param>
    private async Task ComposeUpAsync(
        string compose, Func<string, ContainerSpec, ContainerSpec?>? @as = null, Func<ValueMap<string>, ValueMap<string>>? labels = null, Func<string, string>? nameOf = null)
    {
        stage.Commit(compose);
        DesiredState desired;
        using (var process = stage.Begin())
        {
            desired = (await process.Reconciliation.PlanAsync(null, refresh: false, Cancel)).Desired!;
        }

        var project = ValueMap<string>.Empty.With(Project, "house");
        foreach (var network in desired.Networks)
        {
            await stage.Engine.CreateNetworkAsync(network with { Attachable = true }, project, Cancel);
        }

        foreach (var volume in desired.Volumes)
        {
            await stage.Engine.CreateVolumeAsync(volume, project, Cancel);
        }

        foreach (var service in desired.Services)
        {
            if ((@as is null ? service.Spec : @as(service.Name, service.Spec)) is { } spec)
            {
                await RunAsync(nameOf?.Invoke(service.ContainerName) ?? service.ContainerName, spec, labels is null ? Labels(service.Name) : labels(Labels(service.Name)));
            }
        }

        stage.Engine.Transcript.Take();
    }

    private async Task RunAsync(string name, ContainerSpec spec, ValueMap<string> labels)
    {
        var image = await stage.Engine.PullImageAsync(spec.Image, null, new Progress<TransferProgress>(), Cancel);
        var id = await stage.Engine.CreateContainerAsync(name, spec, image.Id, labels, Cancel);
        await stage.Engine.StartContainerAsync(id, Cancel);
    }

    private static ValueMap<string> Labels(string service) => ValueMap<string>.Empty.With(Project, "house").With(ServiceLabel, service);
}
