using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

public sealed class ServiceLogTests : IDisposable
{
    private readonly Stage stage = new();

    public ServiceLogTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task What_came_from_outside_Git_is_not_shown_even_where_it_is_part_of_something()
    {
        File.WriteAllText(stage.EnvFile, "TOKEN=hunter2-hunter2\n");
        stage.Commit(
            """
            services:
              lamp:
                image: house/app:1.0.0
                container_name: lamp
                environment: { SERVICE: "lamp with ${TOKEN} inside" }
            """);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        var lines = await LinesAsync("lamp");

        Assert.Contains(lines, line => line.Contains("(secret)", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_that_is_not_there_brings_those_that_are()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();

        var unknown = await Assert.ThrowsAsync<ContainerHostException>(() => LinesAsync("abi"));

        Assert.Equal((HostFailure.NotFound, "there is no container of a service abi; there are: api, db, web"), (unknown.Failure, unknown.Message));
    }

    private async Task<List<string>> LinesAsync(string service)
    {
        using var process = stage.Begin();
        var lines = new List<string>();
        await foreach (var line in process.Reconciliation.LogsAsync(service, new LogRange(null, null, Follow: false), TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        return lines;
    }
}
