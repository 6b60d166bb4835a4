using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>What failing pulls leave behind. Alone, because it counts what the whole process has open.</summary>
[Collection(nameof(Alone))]
public sealed class PullLeakTests
{
    [Fact]
    public async Task A_hundred_failing_pulls_leave_no_open_file_behind()
    {
        await using var registry = new StubRegistry((context, _) => context.Request.Url!.AbsolutePath == "/v2/"
            ? PullTests.Say(context, 200, "{}")
            : PullTests.Say(context, 404, """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""));
        await using var engine = TestEngine.Open();
        await FailAsync();
        var before = OpenFiles();

        for (var attempt = 0; attempt < 100; attempt++)
        {
            await FailAsync();
        }

        Assert.InRange(OpenFiles(), 0, before + 30);

        async Task FailAsync()
        {
            var failed = await Assert.ThrowsAsync<ContainerHostException>(() => engine.PullImageAsync($"{registry.Address}/homeiq/app:9.9", null, new Ignored(), TestContext.Current.CancellationToken));
            Assert.True(failed.Failure is HostFailure.NotFound, failed.Message);
        }
    }

    private static int OpenFiles() => Directory.GetFiles("/proc/self/fd").Length;

    private sealed class Ignored : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
        }
    }
}
