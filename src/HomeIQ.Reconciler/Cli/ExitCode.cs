namespace HomeIQ.Reconciler.Cli;

/// <summary>What a verb tells a script (DESIGN §4, and <c>homeiq VERB --help</c>).</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary><c>diff</c>: there are changes. <c>validate</c>: there are errors. <c>apply</c>, <c>rollback</c>: tried, and the host is not on the new state. <c>wait</c>: the time was over. <c>doctor</c>: something is wrong.</summary>
    public const int Different = 1;

    /// <summary>Wrong usage, something could not be read, or the plan was refused: nothing was touched. <c>plan --detailed-exitcode</c>: there are changes. <c>wait</c>: it can no longer be reached.</summary>
    public const int Error = 2;

    /// <summary><c>plan --detailed-exitcode</c> uses Terraform's numbers: 0 none, 1 error, 2 some.</summary>
    public const int DetailedError = 1;

    /// <summary><c>apply</c>, <c>rollback</c>: the way back failed; a person is needed.</summary>
    public const int RollbackFailed = 3;

    /// <summary><c>apply</c>: waits for <c>--approve</c>, is suspended, or is held; nothing was touched.</summary>
    public const int Waiting = 4;
}
