using System.CommandLine;
using HomeIQ.Reconciler.Applying;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Compact;

namespace HomeIQ.Reconciler.Cli;

/// <summary>The log, through Serilog, on standard error: readable on a terminal, compact JSON otherwise. Off unless <c>--log</c> or <c>HOMEIQ_LOG</c> asks for it.</summary>
internal sealed class Log : IDisposable
{
    private static readonly string[] Levels = ["off", "error", "warning", "information", "debug"];

    private readonly Serilog.Core.Logger logger;
    private readonly SerilogLoggerFactory factory;

    private Log(LogEventLevel level, bool readable)
    {
        var configuration = new LoggerConfiguration().MinimumLevel.Is(level);
        logger = (readable
            ? configuration.WriteTo.Console(
                outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}",
                formatProvider: System.Globalization.CultureInfo.InvariantCulture, standardErrorFromLevel: LogEventLevel.Verbose)
            : configuration.WriteTo.Console(new CompactJsonFormatter(), standardErrorFromLevel: LogEventLevel.Verbose)).CreateLogger();
        factory = new SerilogLoggerFactory(logger);
        Runs = new RunLog(factory.CreateLogger<RunLog>());
    }

    public static Option<string> Option { get; } = Create();

    public RunLog Runs { get; }

    public ILogger<Reconciling.ReconcileLoop> Loop => factory.CreateLogger<Reconciling.ReconcileLoop>();

    /// <summary>Null when no log is wanted.</summary>
    /// <param name="usual">The level when nobody names one.</param>
    public static Log? Open(ParseResult parsed, string usual = "off")
    {
        var level = parsed.GetValue(Option) is { Length: > 0 } given ? given : Environment.GetEnvironmentVariable("HOMEIQ_LOG") ?? usual;
        return level.ToLowerInvariant() switch
        {
            "off" => null,
            "error" => new(LogEventLevel.Error, !Console.IsErrorRedirected),
            "warning" => new(LogEventLevel.Warning, !Console.IsErrorRedirected),
            "information" => new(LogEventLevel.Information, !Console.IsErrorRedirected),
            "debug" => new(LogEventLevel.Debug, !Console.IsErrorRedirected),
            _ => throw new UsageException($"{level} is no level of the log", $"one of: {string.Join(", ", Levels)}"),
        };
    }

    public void Dispose()
    {
        factory.Dispose();
        logger.Dispose();
    }

    private static Option<string> Create()
    {
        var option = new Option<string>("--log") { Description = "log to standard error from this level on: off, error, warning, information, debug (default off) [HOMEIQ_LOG]", HelpName = "LEVEL", Recursive = true };
        option.CompletionSources.Add(Levels);
        return option;
    }
}
