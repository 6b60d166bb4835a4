using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>The tar stream that an engine builds from.</summary>
public sealed class BuildContext : IAsyncDisposable
{
    /// <summary>Path of the Dockerfile inside the stream.</summary>
    public string Dockerfile { get; } = "Dockerfile";

    public Stream Stream { get; } = Stream.Null;

    public static BuildContext Open(ISourceTree tree, BuildSpec build) => throw new NotImplementedException();

    /// <summary>Digest of all that goes into the image: the files of the context after .dockerignore, Dockerfile, target and arguments.</summary>
    public static string Digest(ISourceTree tree, BuildSpec build) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}
