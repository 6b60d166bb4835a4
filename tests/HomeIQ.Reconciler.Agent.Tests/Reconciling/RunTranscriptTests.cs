using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Whole runs, as the engine was told them, call by call.</summary>
public sealed class RunTranscriptTests : IDisposable
{
    private readonly Stage stage = new();

    public RunTranscriptTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_first_install_starts_dependencies_first()
    {
        var report = await ApplyAsync(Stacks.Three());

        Said(report, ApplyResult.Applied, """
            pull house/app:1.0.0
            create network house_default
            create volume house_data
            pull house/app:1.0.0
            create db.new from house/app:1.0.0
            pull house/app:1.0.0
            create api.new from house/app:1.0.0
            rename db.new to db
            create web.new from house/app:1.0.0
            rename api.new to api
            start db
            rename web.new to web
            start api
            start web

            api running healthy house/app:1.0.0
            db running healthy house/app:1.0.0
            web running healthy house/app:1.0.0

            COMMIT is applied, verified and last known-good
            """);
    }

    [Fact]
    public async Task An_upgrade_touches_what_changed_and_keeps_the_old_until_it_is_promoted()
    {
        await InstallAsync(Stacks.Three());

        Said(await ApplyAsync(Stacks.Three(api: "1.1.0")), ApplyResult.Applied, """
            pull house/app:1.1.0
            tag house/app:1.0.0 as homeiq-keep/homeiq/api:159ad395cf18
            create api.new from house/app:1.1.0
            stop api
            restart policy of api: no
            rename api to api.kept-3a0683
            rename api.new to api
            start api
            remove api.kept-3a0683

            api running healthy house/app:1.1.0
            db running healthy house/app:1.0.0
            web running healthy house/app:1.0.0

            COMMIT is applied, verified and last known-good (was COMMIT)
            """);
    }

    [Fact]
    public async Task An_upgrade_that_never_becomes_healthy_is_put_back()
    {
        await InstallAsync(Stacks.Three());

        Said(await ApplyAsync(Stacks.Three(api: "1.9.0-sick")), ApplyResult.RolledBack, """
            pull house/app:1.9.0-sick
            tag house/app:1.0.0 as homeiq-keep/homeiq/api:159ad395cf18
            create api.new from house/app:1.9.0-sick
            stop api
            restart policy of api: no
            rename api to api.kept-3a0683
            rename api.new to api
            start api
            stop api
            restart policy of api: no
            rename api to api.failed-688d9d
            rename api.kept-3a0683 to api
            restart policy of api: unless-stopped
            start api

            api running healthy house/app:1.0.0
            api.failed-688d9d exited house/app:1.9.0-sick
            db running healthy house/app:1.0.0
            web running healthy house/app:1.0.0

            rolled back to COMMIT: api: unhealthy: curl: (22) The requested URL returned error: 503
            """);
    }

    [Fact]
    public async Task An_upgrade_that_crashes_is_put_back_with_all_that_had_gone_well_before_it()
    {
        await InstallAsync(Stacks.Three());

        Said(await ApplyAsync(Stacks.Three(db: "1.1.0", web: "1.9.0-crash")), ApplyResult.RolledBack, """
            pull house/app:1.1.0
            pull house/app:1.9.0-crash
            tag house/app:1.0.0 as homeiq-keep/homeiq/db:159ad395cf18
            tag house/app:1.0.0 as homeiq-keep/homeiq/web:159ad395cf18
            create db.new from house/app:1.1.0
            create web.new from house/app:1.9.0-crash
            stop db
            stop web
            restart policy of db: no
            rename db to db.kept-96c661
            restart policy of web: no
            rename web to web.kept-caafe2
            rename db.new to db
            rename web.new to web
            start db
            start web
            stop web
            stop db
            restart policy of web: no
            rename web to web.failed-200c54
            restart policy of db: no
            rename db to db.failed-688d9d
            rename web.kept-caafe2 to web
            restart policy of web: unless-stopped
            rename db.kept-96c661 to db
            restart policy of db: unless-stopped
            start db
            start web

            api running healthy house/app:1.0.0
            db running healthy house/app:1.0.0
            db.failed-688d9d exited house/app:1.1.0
            web running healthy house/app:1.0.0
            web.failed-200c54 exited house/app:1.9.0-crash

            rolled back to COMMIT: web: it ended and was restarted by the engine
            """);
    }

    [Fact]
    public async Task A_first_install_with_one_bad_service_leaves_the_rest_up_and_promotes_nothing()
    {
        var report = await ApplyAsync(Stacks.Three(api: "1.9.0-sick", more: Stacks.Lonely()));

        Said(report, ApplyResult.Incomplete, """
            pull house/app:1.0.0
            pull house/app:1.9.0-sick
            create network house_default
            create volume house_data
            pull house/app:1.0.0
            create api.new from house/app:1.9.0-sick
            create db.new from house/app:1.0.0
            pull house/app:1.0.0
            create lonely.new from house/app:1.0.0
            rename api.new to api
            rename db.new to db
            create web.new from house/app:1.0.0
            rename lonely.new to lonely
            start db
            rename web.new to web
            start lonely
            start api
            restart policy of api: no
            stop api

            api exited house/app:1.9.0-sick
            db running healthy house/app:1.0.0
            lonely running healthy house/app:1.0.0
            web created house/app:1.0.0

            not promoted: api: unhealthy: curl: (22) The requested URL returned error: 503
            """);
    }

    [Fact]
    public async Task A_removed_service_is_stopped_and_let_go_after_promotion()
    {
        await InstallAsync(Stacks.Three(more: Stacks.Lonely()));

        Said(await ApplyAsync(Stacks.Three()), ApplyResult.Applied, """
            tag house/app:1.0.0 as homeiq-keep/homeiq/lonely:159ad395cf18
            stop lonely
            restart policy of lonely: no
            rename lonely to lonely.kept-caafe2
            remove lonely.kept-caafe2

            api running healthy house/app:1.0.0
            db running healthy house/app:1.0.0
            web running healthy house/app:1.0.0

            COMMIT is applied, verified and last known-good (was COMMIT)
            """);
    }

    [Fact]
    public async Task A_network_with_other_settings_is_made_anew_and_everyone_reattached()
    {
        await InstallAsync(Stacks.Network("10.77.1.0/24"));

        Said(await ApplyAsync(Stacks.Network("10.77.2.0/24")), ApplyResult.Applied, """
            stop two
            stop one
            disconnect one from house_inner
            disconnect two from house_inner
            remove network house_inner
            create network house_inner
            connect one to house_inner as first,one
            connect two to house_inner as two
            start one
            start two

            one running healthy house/app:1.0.0
            three running healthy house/app:1.0.0
            two running healthy house/app:1.0.0

            COMMIT is applied, verified and last known-good (was COMMIT)
            """);
    }

    [Fact]
    public async Task A_network_goes_back_to_its_settings_when_the_run_fails()
    {
        await InstallAsync(Stacks.Network("10.77.1.0/24"));

        Said(await ApplyAsync(Stacks.Network("10.77.2.0/24", two: "1.9.0-sick")), ApplyResult.RolledBack, """
            pull house/app:1.9.0-sick
            tag house/app:1.0.0 as homeiq-keep/homeiq/two:159ad395cf18
            create two.new from house/app:1.9.0-sick
            stop two
            stop one
            restart policy of two: no
            rename two to two.kept-688d9d
            disconnect one from house_inner
            disconnect two.kept-688d9d from house_inner
            disconnect two.new from house_inner
            remove network house_inner
            create network house_inner
            connect one to house_inner as first,one
            connect two.kept-688d9d to house_inner as two
            connect two.new to house_inner as two
            rename two.new to two
            start one
            start two
            stop two
            stop one
            restart policy of two: no
            rename two to two.failed-200c54
            disconnect one from house_inner
            disconnect two.failed-200c54 from house_inner
            disconnect two.kept-688d9d from house_inner
            remove network house_inner
            create network house_inner
            connect one to house_inner as first,one
            connect two.failed-200c54 to house_inner as two
            connect two.kept-688d9d to house_inner as two
            rename two.kept-688d9d to two
            restart policy of two: no
            start one
            start two

            one running healthy house/app:1.0.0
            three running healthy house/app:1.0.0
            two running healthy house/app:1.0.0
            two.failed-200c54 exited house/app:1.9.0-sick

            rolled back to COMMIT: two: unhealthy: curl: (22) The requested URL returned error: 503
            """);
    }

    [Fact]
    public async Task Whoever_shares_a_namespace_moves_with_its_provider()
    {
        await InstallAsync(Stacks.Namespace("1.0.0"));

        Said(await ApplyAsync(Stacks.Namespace("1.1.0")), ApplyResult.Applied, """
            pull house/app:1.1.0
            tag house/app:1.0.0 as homeiq-keep/homeiq/provider:159ad395cf18
            tag house/app:1.0.0 as homeiq-keep/homeiq/guest:159ad395cf18
            create provider.new from house/app:1.1.0
            create guest.new from house/app:1.0.0
            stop guest
            stop provider
            restart policy of guest: no
            rename guest to guest.kept-caafe2
            restart policy of provider: no
            rename provider to provider.kept-3a0683
            rename guest.new to guest
            rename provider.new to provider
            start provider
            start guest
            remove provider.kept-3a0683
            remove guest.kept-caafe2

            guest running healthy house/app:1.0.0
            other running healthy house/app:1.0.0
            provider running healthy house/app:1.1.0

            COMMIT is applied, verified and last known-good (was COMMIT)
            """);
        Assert.Empty(stage.Engine.Stranded);
    }

    [Fact]
    public async Task Whoever_shares_a_namespace_goes_back_with_its_provider()
    {
        await InstallAsync(Stacks.Namespace("1.0.0"));

        Said(await ApplyAsync(Stacks.Namespace("1.9.0-sick")), ApplyResult.RolledBack, """
            pull house/app:1.9.0-sick
            tag house/app:1.0.0 as homeiq-keep/homeiq/provider:159ad395cf18
            tag house/app:1.0.0 as homeiq-keep/homeiq/guest:159ad395cf18
            create provider.new from house/app:1.9.0-sick
            create guest.new from house/app:1.0.0
            stop guest
            stop provider
            restart policy of guest: no
            rename guest to guest.kept-caafe2
            restart policy of provider: no
            rename provider to provider.kept-3a0683
            rename guest.new to guest
            rename provider.new to provider
            start provider
            stop provider
            remove guest
            restart policy of provider: no
            rename provider to provider.failed-688d9d
            rename guest.kept-caafe2 to guest
            restart policy of guest: no
            rename provider.kept-3a0683 to provider
            restart policy of provider: no
            start provider
            start guest

            guest running healthy house/app:1.0.0
            other running healthy house/app:1.0.0
            provider running healthy house/app:1.0.0
            provider.failed-688d9d exited house/app:1.9.0-sick

            rolled back to COMMIT: provider: unhealthy: curl: (22) The requested URL returned error: 503
            """);
        Assert.Empty(stage.Engine.Stranded);
    }

    private async Task InstallAsync(string compose)
    {
        var report = await ApplyAsync(compose);
        Assert.True(report.Result == ApplyResult.Applied, $"{report.Summary}\n{string.Join("\n", report.Problems)}");
        stage.Engine.Transcript.Take();
    }

    private Task<ApplyReport> ApplyAsync(string compose)
    {
        stage.Commit(compose);
        return stage.ApplyAsync();
    }

    private void Said(ApplyReport report, ApplyResult result, string expected)
    {
        // A commit's id holds the time at which it was made.
        var said = Regex.Replace($"{stage.Engine.Transcript.Take()}\n\n{stage.Engine.Picture}\n\n{report.Summary}", @"\b[0-9a-f]{8}\b", "COMMIT", RegexOptions.None, TimeSpan.FromSeconds(1));
        // The engine forgets the exit code a moment after the crash.
        said = said.Replace("it ended with exit code 1 and", "it ended and", StringComparison.Ordinal);
        Assert.Equal(expected, said, ignoreLineEndingDifferences: true);
        Assert.Equal(result, report.Result);
    }
}
