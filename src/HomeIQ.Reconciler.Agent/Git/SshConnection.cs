using System.Diagnostics;
using System.Text;

namespace HomeIQ.Reconciler.Git;

/// <summary>One call of the <c>ssh</c> program: its pipes, its time limits, its last words and its end.</summary>
/// <remarks>The Git library starts ssh on its own, too, but waits for it for ever, does not see it end, and loses a handle and a process entry each time.</remarks>
internal sealed class SshConnection(SshAddress address, GitSettings settings, CancellationToken cancellationToken) : IDisposable
{
    private const int MostWords = 8192;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private readonly Lock gate = new();
    private Process? process;
    private Timer? watch;
    private CancellationTokenRegistration cancelled;
    private Task<string>? words;
    private bool answered;
    private bool closed;

    /// <summary>What went wrong with it, in our words; null as long as nothing did.</summary>
    public GitException? Failure { get; private set; }

    private TimeSpan Limit => answered ? settings.ReadLimit : settings.ConnectLimit + settings.ReadLimit;

    public void Start(string service)
    {
        try
        {
            var (program, arguments) = SshCommand.For(address, settings, service);
            process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        }
        catch (GitException error)
        {
            Failure = error;
            throw;
        }

        words = LastWordsAsync(process.StandardError.BaseStream);
        watch = new Timer(_ => GiveUp());
        cancelled = cancellationToken.Register(Kill);
    }

    /// <summary>What comes next, at least one byte.</summary>
    public int Read(byte[] buffer)
    {
        var count = Within(() => process!.StandardOutput.BaseStream.Read(buffer));
        answered = true;
        return count > 0 ? count : throw Ended(null);
    }

    public void Write(byte[] bytes) => Within(() =>
    {
        process!.StandardInput.BaseStream.Write(bytes);
        process.StandardInput.BaseStream.Flush();
        return bytes.Length;
    });

    /// <summary>Ends it, by its id if it does not end by itself, and takes its exit code, so that no dead entry stays.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (closed || process is null)
            {
                return;
            }

            closed = true;
        }

        cancelled.Dispose();
        watch!.Dispose();
        CloseInput();
        if (!process.WaitForExit(Grace))
        {
            process.Kill();
            process.WaitForExit();
        }

        process.StandardOutput.Dispose();
        process.StandardError.Dispose();
        process.Dispose();
    }

    private int Within(Func<int> call)
    {
        watch!.Change(Limit, Timeout.InfiniteTimeSpan);
        try
        {
            return call();
        }
        catch (IOException error)
        {
            throw Ended(error);
        }
        finally
        {
            watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private GitException Ended(Exception? inner)
    {
        if (Failure is null)
        {
            if (!process!.WaitForExit(Grace))
            {
                Kill();
                process.WaitForExit();
            }

            var said = words!.Wait(Grace) ? words.Result : "";
            Failure = SshWords.Explain(address, settings, process.ExitCode, said, inner);
        }

        return Failure;
    }

    private void GiveUp()
    {
        Failure ??= new GitException(GitFailure.Unreachable, $"{address.Host} was silent for {Limit.TotalSeconds:0.#} s over ssh: given up.");
        Kill();
    }

    private void Kill()
    {
        lock (gate)
        {
            if (!closed && !process!.HasExited)
            {
                process.Kill();
            }
        }
    }

    private void CloseInput()
    {
        try
        {
            process!.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // It has ended already: nobody reads what was still to be sent.
        }
    }

    /// <summary>Reads on when there is too much, or ssh would stand still.</summary>
    private static async Task<string> LastWordsAsync(Stream errors)
    {
        var kept = new MemoryStream();
        var buffer = new byte[1024];
        int count;
        while ((count = await errors.ReadAsync(buffer)) > 0)
        {
            await kept.WriteAsync(buffer.AsMemory(0, Math.Min(count, MostWords - (int)kept.Length)));
        }

        return Encoding.UTF8.GetString(kept.ToArray());
    }
}
