using System.Formats.Tar;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>Building images from a tar stream.</summary>
public sealed class BuildTests : IAsyncLifetime
{
    private readonly DockerEngine engine = TestEngine.Open();
    private readonly string tag = $"homeiq-test/built-{Guid.NewGuid().ToString("N")[..8]}:1";
    private readonly List<string> output = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await engine.UntagImageAsync(tag, CancellationToken.None);
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task An_image_is_built_from_its_context_with_arguments_target_and_labels()
    {
        var spec = Spec with
        {
            Target = "wanted",
            Arguments = new([KeyValuePair.Create("GREETING", "good day & \"more\"")]),
            Labels = new([KeyValuePair.Create("site", "attic")]),
        };
        using var context = Tar(
            ("docker/Dockerfile", "FROM homeiq-test/app:1.0.0 AS wanted\nARG GREETING\nCOPY file.txt /file.txt\nRUN cat /file.txt && echo \"$GREETING\" >/greeting\nFROM wanted\nRUN exit 9\n"),
            ("file.txt", "from the context\n"));

        var built = await engine.BuildImageAsync(new(tag, "docker/Dockerfile", spec, new([KeyValuePair.Create("io.homeiq.instance", "house")])), context, new Progress(output), Cancel);

        Assert.Equal("digest-1", built.BuildDigest);
        Assert.Equal(built, await engine.FindImageAsync(tag, Cancel));
        Assert.Contains("from the context", output);
        Assert.Contains(output, line => line.StartsWith("Step 1/", StringComparison.Ordinal));
        Assert.Equal("good day & \"more\"\n", await OutputAsync(built.Id, "cat", "/greeting"));
    }

    [Fact]
    public async Task A_failing_build_is_an_error_with_the_end_of_its_output()
    {
        using var context = Tar(("Dockerfile", "FROM homeiq-test/app:1.0.0\nRUN seq 1 100 && echo what went wrong >&2 && exit 3\n"));

        var exception = await Assert.ThrowsAsync<ContainerHostException>(() => BuildAsync(context));

        Assert.Equal(HostFailure.Invalid, exception.Failure);
        Assert.Contains("what went wrong", exception.Message, StringComparison.Ordinal);
        Assert.Contains("code: 3", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n20\n", exception.Message, StringComparison.Ordinal);
        Assert.Null(await engine.FindImageAsync(tag, Cancel));
    }

    [Fact]
    public async Task A_context_without_its_Dockerfile_is_the_users_mistake()
    {
        using var context = Tar(("other", "x"));

        Assert.Equal(HostFailure.Invalid, (await Assert.ThrowsAsync<ContainerHostException>(() => BuildAsync(context))).Failure);
    }

    [Fact]
    public async Task A_Dockerfile_that_needs_BuildKit_is_built_by_BuildKit()
    {
        // Its cache would be silent about words that it has seen before.
        var words = $"by buildkit {Guid.NewGuid():N}";
        using var context = Tar(("Dockerfile", $"FROM homeiq-test/app:1.0.0\nRUN --mount=type=cache,target=/cache echo {words} | tee /made\n"));

        var built = await BuildAsync(context);

        Assert.Equal("digest-1", built.BuildDigest);
        Assert.Contains(words, output);
        Assert.Equal($"{words}\n", await OutputAsync(built.Id, "cat", "/made"));
    }

    [Fact]
    public async Task A_build_by_BuildKit_that_fails_is_an_error_with_its_output()
    {
        using var context = Tar(("Dockerfile", "FROM homeiq-test/app:1.0.0\nRUN --mount=type=tmpfs,target=/t echo what went wrong && exit 4\n"));

        var exception = await Assert.ThrowsAsync<ContainerHostException>(() => BuildAsync(context));

        Assert.Equal(HostFailure.Invalid, exception.Failure);
        Assert.Contains("what went wrong", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_that_can_be_sent_only_once_does_not_get_to_BuildKit()
    {
        using var context = Tar(("Dockerfile", "FROM homeiq-test/app:1.0.0\nRUN --mount=type=tmpfs,target=/t true\n"));

        var exception = await Assert.ThrowsAsync<ContainerHostException>(() => BuildAsync(new OneWay(context)));

        Assert.Equal(HostFailure.Invalid, exception.Failure);
        Assert.Contains("BuildKit", exception.Message, StringComparison.Ordinal);
    }

    private static BuildSpec Spec => new() { Context = "", Dockerfile = "Dockerfile", Digest = "digest-1" };

    private static MemoryStream Tar(params (string Name, string Text)[] files)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        stream.Position = 0;
        return stream;
    }

    private Task<Observed.ObservedImage> BuildAsync(Stream context) =>
        engine.BuildImageAsync(new(tag, "Dockerfile", Spec, ValueMap<string>.Empty), context, new Progress(output), Cancel);

    private async Task<string> OutputAsync(string image, params string[] command)
    {
        var name = $"built-{Guid.NewGuid().ToString("N")[..8]}";
        var id = await engine.CreateContainerAsync(name, new() { Image = tag, NetworkMode = "none" }, image, ValueMap<string>.Empty, Cancel);
        try
        {
            await engine.StartContainerAsync(id, Cancel);
            return (await engine.ExecuteAsync(id, command, Cancel)).Output;
        }
        finally
        {
            await engine.StopContainerAsync(id, TimeSpan.Zero, CancellationToken.None);
            await engine.RemoveContainerAsync(id, CancellationToken.None);
        }
    }

    private sealed class Progress(List<string> seen) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => seen.Add(value.Text);
    }

    /// <summary>A stream that cannot go back.</summary>
    private sealed class OneWay(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
