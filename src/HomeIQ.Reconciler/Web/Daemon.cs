using System.Net;
using HomeIQ.Reconciler.Cli;
using HomeIQ.Reconciler.Reconciling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace HomeIQ.Reconciler.Web;

/// <summary>The loop with its doors: a socket for the verbs, and on loopback, where one is wanted, health, metrics and status.</summary>
internal static class Daemon
{
    /// <summary>Where the verbs find the daemon of a state directory.</summary>
    public static string SocketOf(string stateDirectory) => Path.Combine(stateDirectory, "homeiq.sock");

    /// <summary>Runs until it is told to stop.</summary>
    /// <param name="listen">A loopback address and port; null for none.</param>
    public static async Task RunAsync(AgentSettings settings, LoopSettings pace, IPEndPoint? listen, Log? log, CancellationToken cancellationToken)
    {
        var events = new EventBroadcast(TimeProvider.System);
        var signs = new SignsOfLife(new SystemdNotifier(), TimeProvider.System);
        await using var session = Session.Open(settings, new Applying.Listener<Applying.RunEvent>(happened =>
        {
            signs.Tell(happened);
            events.Report(happened);
            log?.Runs.Report(happened);
        }));
        var loop = session.Loop(pace, log);
        using var metrics = new DaemonMetrics(loop);
        var socket = SocketOf(settings.StateDirectory);
        File.Delete(socket);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socket);
            if (listen is not null)
            {
                kestrel.Listen(listen);
            }
        });
        builder.Services.AddOpenTelemetry().WithMetrics(set => set.AddMeter(DaemonMetrics.Name).AddPrometheusExporter());
        builder.Services.AddSingleton<IHostLifetime>(new NoLifetime());
        var app = builder.Build();
        await using (app)
        {
            app.MapPrometheusScrapingEndpoint("/metrics");
            app.MapDaemon(loop, session.Decisions, events, TimeProvider.System, 3 * pace.Interval + TimeSpan.FromMinutes(5));
            loop.Tell(pass =>
            {
                if (pass.Status is { } status)
                {
                    events.Report(status);
                }
            });

            loop.Tell(signs.Tell);

            await app.StartAsync(cancellationToken);
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            try
            {
                await loop.RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Asked to stop.
            }
            finally
            {
                signs.TellStopping();
                await app.StopAsync(CancellationToken.None);
                File.Delete(socket);
            }
        }
    }

    /// <summary>Signals reach the verb's own cancellation, not the web server's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
