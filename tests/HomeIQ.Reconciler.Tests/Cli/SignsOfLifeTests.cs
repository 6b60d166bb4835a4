using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Web;
using Microsoft.Extensions.Hosting.Systemd;

namespace HomeIQ.Reconciler.Cli;

/// <summary>A watchdog ends whoever is silent for long: a run that takes an hour must not be.</summary>
public sealed class SignsOfLifeTests
{
    private static readonly RunEvent Happened = new RunFinished("r", Journaling.RunPhase.Succeeded, "done");
    private static readonly PassReport Pass = new(DateTimeOffset.UnixEpoch, null, null, null, default!);

    private readonly Heard heard = new();
    private readonly Clock clock = new();

    [Fact]
    public void Ready_is_said_by_the_first_pass_and_by_no_event_before_it()
    {
        var signs = new SignsOfLife(heard, clock);

        signs.Tell(Happened);
        signs.Tell(Pass);
        signs.Tell(Pass);
        signs.TellStopping();

        Assert.Equal(["WATCHDOG=1", "READY=1", "WATCHDOG=1", "STOPPING=1"], heard.Words);
    }

    [Fact]
    public void A_run_of_an_hour_feeds_the_watchdog_with_what_it_tells_and_does_not_flood_it()
    {
        var signs = new SignsOfLife(heard, clock);

        for (var news = 0; news < 3600 * 4; news++)
        {
            signs.Tell(Happened);
            clock.Now += TimeSpan.FromMilliseconds(250);
        }

        Assert.Equal(720, heard.Words.Count);
        Assert.All(heard.Words, word => Assert.Equal("WATCHDOG=1", word));
    }

    private sealed class Heard : ISystemdNotifier
    {
        public List<string> Words { get; } = [];

        public bool IsEnabled => true;

        public void Notify(ServiceState state) => Words.Add(state.ToString());
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromDays(3);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
