namespace HomeIQ.Reconciler.Journaling;

/// <summary>What to do on start with a run that has no end.</summary>
public enum RecoveryAction
{
    /// <summary>Nothing was cut: end it, and decide anew.</summary>
    Drop,

    /// <summary>Go on with its plan: what was done is not done again, soaking begins anew.</summary>
    ResumeForward,

    /// <summary>Plan the way back from its journal, and go it; an environmental failure.</summary>
    GoBack,

    /// <summary>Go on with the way back that it is on. It never turns round.</summary>
    ContinueRollback,

    /// <summary>Change nothing by itself; a person has to look.</summary>
    Stay,
}

/// <summary>Decides forward or back for a run that a crash, a power cut or an escaped error left without an end.</summary>
public static class Recovery
{
    /// <summary>So many crashes on the same content are a verdict.</summary>
    public const int CrashLimit = 3;

    /// <remarks>A promoted run (<see cref="RunPhase.Succeeded"/>) has only its clean-up left, which lies ahead.</remarks>
    public static RecoveryAction Decide(RunPhase phase, bool hasLastKnownGood) => (phase, hasLastKnownGood) switch
    {
        (RunPhase.Planned or RunPhase.AwaitingApproval or RunPhase.AwaitingWindow, _) => RecoveryAction.Drop,
        (RunPhase.Preparing, true) => RecoveryAction.Drop,
        (RunPhase.Preparing, false) => RecoveryAction.ResumeForward,

        (RunPhase.Quiescing or RunPhase.BackingUp or RunPhase.Migrating or RunPhase.Upgrading or RunPhase.Verifying, true) => RecoveryAction.GoBack,
        (RunPhase.Quiescing or RunPhase.BackingUp or RunPhase.Migrating or RunPhase.Upgrading or RunPhase.Verifying, false) => RecoveryAction.ResumeForward,

        (RunPhase.Soaking or RunPhase.Succeeded, _) => RecoveryAction.ResumeForward,
        (RunPhase.RollingBack or RunPhase.RolledBack, _) => RecoveryAction.ContinueRollback,
        (RunPhase.RollbackFailed or RunPhase.Incomplete, _) => RecoveryAction.Stay,
        (RunPhase.Superseded or RunPhase.Cancelled, _) => RecoveryAction.Drop,

        // A phase that this version does not know: back, never forward; and where there is no way back, nowhere.
        (_, true) => RecoveryAction.GoBack,
        (_, false) => RecoveryAction.Stay,
    };

    /// <summary>True when this is the third run in succession that went down without a verdict on just this content: then the crashing is the verdict.</summary>
    /// <param name="crashed">The run that is being recovered.</param>
    /// <param name="earlier">The runs before it, newest first.</param>
    public static bool IsLastCrash(RunRecord crashed, IEnumerable<RunRecord> earlier)
    {
        var crashes = 1 + earlier
            .Where(run => run.Id != crashed.Id && run.Plan.Contents == crashed.Plan.Contents)
            .TakeWhile(run => run.Phase != RunPhase.Succeeded)
            .Count(WentDown);

        return crashed.Plan.Contents.Count > 0 && crashes >= CrashLimit;
    }

    /// <summary>It was taken back although no step of it had failed, and nobody had stopped it.</summary>
    private static bool WentDown(RunRecord run) => run is { Phase: RunPhase.RolledBack, Failure: null, WasStopped: false };
}
