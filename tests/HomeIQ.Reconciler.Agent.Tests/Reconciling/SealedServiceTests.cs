namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A specification is sealed once; what is asked of it and who bears it is what the commit says now.</summary>
public sealed class SealedServiceTests : IDisposable
{
    private readonly Stage stage = new();

    public SealedServiceTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_version_that_failed_by_a_wrong_probe_is_good_with_the_mended_one()
    {
        await ApplyAsync(Stacks.Three(), ApplyResult.Applied);
        stage.Policy = Asked("[test, -e, /never]");
        await ApplyAsync(Stacks.Three(web: "1.1.0"), ApplyResult.RolledBack);

        stage.Policy = Asked("[curl]");
        await ApplyAsync(Stacks.Three(web: "1.1.0"), ApplyResult.Applied);

        Assert.Contains("web running healthy house/app:1.1.0", stage.Picture);
    }

    [Fact]
    public async Task A_version_that_comes_back_is_asked_what_is_new_since()
    {
        await ApplyAsync(Stacks.Three(), ApplyResult.Applied);
        await ApplyAsync(Stacks.Three(web: "1.1.0"), ApplyResult.Applied);

        stage.Policy = Asked("[test, -e, /never]");
        var report = await ApplyAsync(Stacks.Three(web: "1.0.0"), ApplyResult.RolledBack);

        Assert.Contains("probe exec test -e /never ended with 1", report.Summary, StringComparison.Ordinal);
        Assert.Contains("web running healthy house/app:1.1.0", stage.Picture);
    }

    [Fact]
    public async Task A_service_that_only_got_another_name_labels_its_container_with_it()
    {
        await ApplyAsync(Same("alpha"), ApplyResult.Applied);
        await ApplyAsync(Same("beta"), ApplyResult.Applied);

        var only = Assert.Single(await stage.Engine.ListContainersAsync(TestContext.Current.CancellationToken));
        Assert.Equal("beta", only.Owner?.Service);
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    private static string Asked(string command) => $"services: {{ web: {{ allow-downgrade: true, verify: {{ timeout: 5s, probes: [{{ exec: {command} }}] }} }} }}";

    /// <summary>On the host's network nothing in the specification tells the service's name.</summary>
    private static string Same(string name) =>
        $$"""
        services:
          {{name}}: { image: "house/app:1.0.0", container_name: same, network_mode: host }
        """;

    private async Task<ApplyReport> ApplyAsync(string compose, ApplyResult expected)
    {
        stage.Commit(compose);
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary}");
        return report;
    }
}
