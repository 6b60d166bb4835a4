using System.CommandLine;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq suspend</c>: nothing is changed by itself for a while.</summary>
internal static class SuspendCommand
{
    public static Command Create(AgentOptions agent)
    {
        var service = new Argument<string?>("SERVICE") { Description = "only this service (default: the whole host)", Arity = ArgumentArity.ZeroOrOne };
        var span = Verb.Span("--for", "how long; it ends by itself then");
        span.Required = true;
        var reason = new Option<string>("--reason") { Description = "why, for whoever finds it so", HelpName = "TEXT", Required = true };
        var command = new Command("suspend", """
            Change nothing by itself for a while: no repair of drift, no upgrade. With SERVICE,
            that service is neither repaired nor upgraded, and a commit that would touch it waits
            as a whole. A run that is under way is finished all the same; one that is watched is
            watched anew afterwards. Survives a restart, ends by itself, and shows in status.
            A person's apply says so and ends with 4; --force goes on.

              homeiq suspend --for 2h --reason "moving the database"
              homeiq suspend --for 30m --reason "debugging" data-api
            """) { service, span, reason };
        command.Does((parsed, terminal, cancellationToken) => DecisionRequest.RunAsync(
            terminal, agent.Read(parsed), new Suspension(parsed.GetValue(service), Until(parsed.GetValue(span)), parsed.GetValue(reason)!.ReplaceLineEndings(" ")), cancellationToken));
        return command;
    }

    private static DateTimeOffset Until(TimeSpan span) =>
        span > TimeSpan.Zero ? TimeProvider.System.GetUtcNow() + span : throw new UsageException("--for wants a time that is not over yet", "homeiq suspend --for 2h --reason TEXT");
}

/// <summary><c>homeiq resume</c>: ends what <c>suspend</c> began.</summary>
internal static class ResumeCommand
{
    public static Command Create(AgentOptions agent)
    {
        var service = new Argument<string?>("SERVICE") { Description = "only this service (default: all that is suspended)", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("resume", """
            End a suspension before its time. What was put off is done: by the daemon at once, else
            by the next apply.

              homeiq resume
              homeiq resume data-api
            """) { service };
        command.Does((parsed, terminal, cancellationToken) =>
            DecisionRequest.RunAsync(terminal, agent.Read(parsed), new Resumption(parsed.GetValue(service)), cancellationToken));
        return command;
    }
}
