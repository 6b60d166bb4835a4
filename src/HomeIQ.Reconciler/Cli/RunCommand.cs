using System.CommandLine;
using System.Net;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq run</c>: the daemon.</summary>
internal static class RunCommand
{
    public static Command Create(AgentOptions agent)
    {
        var interval = Seconds("--interval", "look at repository and host at least so often, in seconds", 60);
        var listen = new Option<string?>("--listen") { Description = "serve /health, /ready, /metrics and /api/v1/status there: a loopback address and a port, 127.0.0.1:8787 (default: only on the socket in the state directory)", HelpName = "ADDRESS" };
        var command = new Command("run", """
            Keep this host on the branch: follow its commits, put right what somebody changes by
            hand, stay on the last known-good state while the branch is bad. Runs until it is
            told to stop (SIGTERM, Ctrl-C); a run that is under way is put back then, one that is
            watched goes on being watched by the next start.

            Other verbs find the daemon by its state directory and have it do what they ask.

              homeiq run --repo https://git.example/house.git --listen 127.0.0.1:8787
            """) { interval, listen };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            using var log = Log.Open(parsed, usual: "information");
            var every = TimeSpan.FromSeconds(parsed.GetValue(interval));
            await Daemon.RunAsync(settings, new LoopSettings { Interval = every, FetchInterval = every }, Address(parsed.GetValue(listen)), log, cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }

    private static IPEndPoint? Address(string? text) => text is null ? null
        : IPEndPoint.TryParse(text, out var address) && IPAddress.IsLoopback(address.Address) && address.Port > 0 ? address
        : throw new UsageException($"--listen {text} is no loopback address with a port", "write 127.0.0.1:8787; put a web server with a login in front of it for others");

    private static Option<int> Seconds(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = $"{description} (default {usual})", HelpName = "S", DefaultValueFactory = _ => usual };
        option.CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, out var seconds) && seconds > 0)
            {
                return seconds;
            }

            result.AddError($"{name} {result.Tokens[0].Value} is no number of seconds");
            return 0;
        };
        return option;
    }
}
