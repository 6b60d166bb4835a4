using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>The Git library's way to a server over ssh: the connection that the transfer on this thread has opened.</summary>
internal sealed class SshTransport : SmartSubtransport
{
    [ThreadStatic]
    private static SshConnection? current;

    private Pipe? pipe;

    /// <summary>For the whole process, in place of the library's own.</summary>
    public static void Register() => GlobalSettings.RegisterSmartSubtransport<SshTransport>("ssh");

    /// <summary>Lets what the library does on this thread go over a connection; the library has no way to hand one through.</summary>
    public static void Over(SshConnection connection, Action transfer)
    {
        current = connection;
        try
        {
            transfer();
        }
        finally
        {
            current = null;
        }
    }

    protected override SmartSubtransportStream Action(string url, GitSmartSubtransportAction action)
    {
        if (pipe is null)
        {
            var connection = current ?? throw new InvalidOperationException("No connection was opened on this thread.");
            connection.Start(action is GitSmartSubtransportAction.UploadPackList ? "git-upload-pack" : "git-receive-pack");
            pipe = new Pipe(this, connection);
        }

        return pipe;
    }

    private sealed class Pipe(SshTransport transport, SshConnection connection) : SmartSubtransportStream(transport)
    {
        public override int Read(Stream dataStream, long length, out long bytesRead)
        {
            var buffer = new byte[Math.Min(length, 1 << 16)];
            var count = connection.Read(buffer);
            dataStream.Write(buffer, 0, count);
            bytesRead = count;
            return 0;
        }

        public override int Write(Stream dataStream, long length)
        {
            var buffer = new byte[length];
            dataStream.ReadExactly(buffer);
            connection.Write(buffer);
            return 0;
        }
    }
}
