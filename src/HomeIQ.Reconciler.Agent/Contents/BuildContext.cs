using System.Formats.Tar;
using System.IO.Pipelines;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>The tar stream that an engine builds from: the same bytes for the same commit, made while it is read.</summary>
/// <remarks>In GNU form, because the extended headers of the platform's PAX writer carry the process id.</remarks>
public sealed class BuildContext : IAsyncDisposable
{
    private const int HoldAtMost = 1 << 20;
    private readonly CancellationTokenSource stop = new();
    private readonly Task writing;

    private BuildContext(ISourceTree tree, ContextFiles files)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: HoldAtMost, resumeWriterThreshold: HoldAtMost / 2, useSynchronizationContext: false));
        Dockerfile = files.Dockerfile;
        Stream = pipe.Reader.AsStream();
        writing = Task.Run(() => WriteAsync(tree, files, pipe.Writer, stop.Token));
    }

    /// <summary>Path of the Dockerfile inside the stream.</summary>
    public string Dockerfile { get; }

    /// <summary>To be read once, from begin to end; reading fails when the tree can no longer be read.</summary>
    public Stream Stream { get; }

    /// <exception cref="IOException">The context cannot be built from; the message names the path and says why.</exception>
    public static BuildContext Open(ISourceTree tree, BuildSpec build) => new(tree, ContextFiles.Select(tree, build));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Stream.DisposeAsync();
        await writing;
        stop.Dispose();
    }

    private static async Task WriteAsync(ISourceTree tree, ContextFiles files, PipeWriter pipe, CancellationToken cancellationToken)
    {
        try
        {
            await using (var tar = new TarWriter(pipe.AsStream(leaveOpen: true), TarEntryFormat.Gnu))
            {
                foreach (var file in files.Files)
                {
                    await using var content = file.Open(tree);
                    await tar.WriteEntryAsync(Entry(file, content), cancellationToken);
                }
            }

            await pipe.CompleteAsync();
        }
        catch (Exception error)
        {
            // The reader gets it, and with it whoever asked for the build.
            await pipe.CompleteAsync(error);
        }
    }

    private static GnuTarEntry Entry(ContextFile file, Stream? content)
    {
        var entry = new GnuTarEntry(file.IsFolder ? TarEntryType.Directory : TarEntryType.RegularFile, file.IsFolder ? file.Path + "/" : file.Path)
        {
            Mode = (UnixFileMode)(file.IsFolder || file.Executable ? 0b111_101_101 : 0b110_100_100),
            ModificationTime = DateTimeOffset.UnixEpoch,
            AccessTime = DateTimeOffset.UnixEpoch,
            ChangeTime = DateTimeOffset.UnixEpoch,
            Uid = 0,
            Gid = 0,
        };
        if (content is not null)
        {
            entry.DataStream = content;
        }

        return entry;
    }
}
