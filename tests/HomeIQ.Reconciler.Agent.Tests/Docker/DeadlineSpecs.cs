using System.Net.Sockets;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>An engine that does not answer as it should.</summary>
public sealed class DeadlineSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string SocketPath => Path.Combine(folder, "engine.sock");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_engine_that_never_answers_is_waited_for_no_longer_than_the_deadline()
    {
        using var listener = Listen();
        await using var engine = Engine(TimeSpan.FromMilliseconds(200));

        var exception = await Assert.ThrowsAsync<ContainerHostException>(() => engine.ListContainersAsync(Cancel)).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal(HostFailure.TimedOut, exception.Failure);
    }

    [Fact]
    public async Task The_callers_own_cancellation_is_no_failure_of_the_engine()
    {
        using var listener = Listen();
        await using var engine = Engine(TimeSpan.FromSeconds(30));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        cancel.CancelAfter(100);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.ListContainersAsync(cancel.Token));
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_an_engine_that_does_not_answer()
    {
        await using var engine = Engine(TimeSpan.FromSeconds(5));

        Assert.Equal(HostFailure.Unreachable, (await Assert.ThrowsAsync<ContainerHostException>(() => engine.DescribeAsync(Cancel))).Failure);
    }

    [Fact]
    public async Task An_engine_that_hangs_up_is_one_that_does_not_answer()
    {
        using var listener = Listen();
        await using var engine = Engine(TimeSpan.FromSeconds(5));
        var call = engine.DescribeAsync(Cancel);
        using (var connection = await listener.AcceptAsync(Cancel))
        {
            connection.Close();
        }

        Assert.Equal(HostFailure.Unreachable, (await Assert.ThrowsAsync<ContainerHostException>(() => call)).Failure);
    }

    [Theory]
    [InlineData("ssh://host")]
    [InlineData("/var/run/docker.sock")]
    [InlineData("npipe:////./pipe/docker_engine")]
    public void An_endpoint_of_another_kind_is_refused(string endpoint) =>
        Assert.Equal(HostFailure.Invalid, Assert.Throws<ContainerHostException>(() => new DockerEngine(new() { Endpoint = endpoint })).Failure);

    private Socket Listen()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        return listener;
    }

    private DockerEngine Engine(TimeSpan deadline) => new(new() { Endpoint = $"unix://{SocketPath}", CallDeadline = deadline });
}
