using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Reconciling;
using Microsoft.Extensions.Hosting.Systemd;

namespace HomeIQ.Reconciler.Web;

/// <summary>
/// What systemd hears (sd_notify(3)): ready with the first pass that ended, then that we are alive, with every pass and with all that a run does,
/// because a run that builds and verifies may take longer than any sensible <c>WatchdogSec</c>. Says nothing unless a notify socket is named, whoever started it.
/// </summary>
internal sealed class SignsOfLife(ISystemdNotifier systemd, TimeProvider time)
{
    /// <summary>News of a pull come many times a second.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private bool isReady;
    private long last = long.MinValue;

    public void Tell(PassReport pass)
    {
        ArgumentNullException.ThrowIfNull(pass);
        lock (gate)
        {
            systemd.Notify(isReady ? Alive : ServiceState.Ready);
            isReady = true;
            last = time.GetTimestamp();
        }
    }

    public void Tell(RunEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        lock (gate)
        {
            if (last != long.MinValue && time.GetElapsedTime(last) < Pause)
            {
                return;
            }

            systemd.Notify(Alive);
            last = time.GetTimestamp();
        }
    }

    public void TellStopping() => systemd.Notify(ServiceState.Stopping);

    private static ServiceState Alive => new("WATCHDOG=1");
}
