using System.CommandLine;
using System.CommandLine.Invocation;
using HomeIQ.Reconciler.Cli;

var agent = new AgentOptions();
var root = new RootCommand("""
    homeiq: a Git commit changes a version; homeiq upgrades the host in order, verifies it,
    and either promotes the commit to last known-good or puts everything back as it was.

      homeiq validate --path desired-state        is it well-formed?
      homeiq plan                                  what would happen, and why?
      homeiq apply                                 make it so, or put it back
      homeiq status                                how does the host stand?

    The agent's settings come from flags, HOMEIQ_* variables or a JSON file, in this order.
    Credentials are never flags: HOMEIQ_GIT_TOKEN, or HOMEIQ_GIT_USER and HOMEIQ_GIT_PASSWORD.
    """)
{
    ValidateCommand.Create(agent),
    PlanCommand.Create(agent),
    DiffCommand.Create(agent),
    ApplyCommand.Create(agent),
    StatusCommand.Create(agent),
    GetCommand.Create(agent),
    HistoryCommand.Create(agent),
    ShowCommand.Create(agent),
    RollbackCommand.Create(agent),
    RetryCommand.Create(agent),
    QuarantineCommand.Create(agent),
    ApproveCommand.Create(agent),
    SuspendCommand.Create(agent),
    ResumeCommand.Create(agent),
    AdoptCommand.Create(agent),
    RunCommand.Create(agent),
    ReconcileCommand.Create(agent),
    WaitCommand.Create(agent),
    EventsCommand.Create(agent),
    LogsCommand.Create(agent),
    DoctorCommand.Create(agent),
    SchemaCommand.Create(),
    CompletionCommand.Create(),
    VersionCommand.Create(),
};
agent.AddTo(root);
root.Add(Log.Option);

var parsed = root.Parse(args);
Verb.ShortenDescriptions(root, parsed.CommandResult.Command);
if (parsed.Action is ParseErrorAction wrong)
{
    wrong.ShowHelp = false;

    // What is wrong, and what may have been meant, is no output.
    await parsed.InvokeAsync(new() { Output = Console.Error });
    Console.Error.WriteLine($"homeiq {(parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ")}--help tells how");
    return ExitCode.Error;
}

// A signal is a request: a run that is under way goes back first, however long its containers take. Whoever does not want to wait has SIGKILL.
return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan });
