using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A plan in the fewest words: one line a step, without causes, ids shortened; clean-up behind a dash.</summary>
internal static class ShortText
{
    public static string Of(Plan plan) => string.Join('\n', plan.Steps.Select(step => $"{step.Number}{(step.IsCleanUp ? " -" : "")} {Of(step.Step)}{After(step)}"));

    public static string Of(Step step) => step switch
    {
        PullImage pull => $"pull {pull.Service} {pull.Image}",
        BuildImage build => $"build {build.Service} {build.Image}",
        KeepImage keep => $"keep {keep.Service}",
        ExportContent export => $"export {export.Digest}",
        CreateNetwork create => $"create network {create.Network.Name}",
        ReplaceNetwork replace => $"replace network {replace.To.Name}",
        RemoveNetwork remove => $"remove network {remove.Network.Name}",
        CreateVolume create => $"create volume {create.Volume.Name}",
        CreateContainer create => $"create {create.TemporaryName}",
        TakeBaseline baseline => $"ask {baseline.Container.Name}",
        StopContainer stop => $"stop {stop.Container.Name}",
        SetAside aside => $"aside {aside.Container.Name}",
        RenameContainer rename => $"rename {rename.Container.Name} {rename.To}",
        StartContainer start => $"start {start.Container.Name}",
        RestartContainer restart => $"restart {restart.Container.Name}",
        UnpauseContainer unpause => $"unpause {unpause.Container.Name}",
        UpdateContainer update => $"update {update.Container.Name} {string.Join(' ', update.Fields)}",
        ReconnectNetwork reconnect => $"reconnect {reconnect.Container.Name} {reconnect.Network}",
        DisconnectNetwork disconnect => $"disconnect {disconnect.Container.Name} {disconnect.Network}",
        VerifyService verify => $"verify {verify.Service}",
        Promote promote => $"promote {promote.Revision}",
        ReleaseImage release => $"release {release.Tag}",
        ReleaseStates release => $"release {string.Join(' ', release.States)}",
        BackUp backup => $"copy {backup.Volume}",
        Rehearse rehearse => $"rehearse {rehearse.Database}",
        Migrate migrate => $"migrate {migrate.Database}",
        RestoreData restore => $"restore {restore.Volume}",
        ReleaseCopies copies => $"release copies {copies.Volume}",
        SetRestartPolicy set => $"policy {set.Restart} {set.Container.Name}",
        RemoveContainer remove => $"remove {remove.Container.Name}",
        _ => throw new NotSupportedException(step.GetType().Name),
    };

    private static string After(PlannedStep step) => step.After.Count == 0 ? "" : $" after {string.Join(',', step.After)}";
}

/// <summary>Questions about the order of a plan.</summary>
internal static class PlanOrder
{
    /// <summary>True when every step for which <paramref name="late"/> holds waits (directly or not) for every one for which <paramref name="early"/> holds; both must be there.</summary>
    public static bool Waits(this Plan plan, Func<Step, bool> late, Func<Step, bool> early)
    {
        var before = plan.Steps.Where(step => early(step.Step)).ToList();
        var after = plan.Steps.Where(step => late(step.Step)).ToList();
        Assert.NotEmpty(before);
        Assert.NotEmpty(after);

        return after.All(step => before.All(other => plan.Reaches(step.Number, other.Number)));
    }

    public static bool Waits(this Plan plan, string late, string early) => plan.Waits(step => ShortText.Of(step) == late, step => ShortText.Of(step) == early);

    /// <summary>Neither waits for the other.</summary>
    public static bool Together(this Plan plan, string one, string other) => !plan.Waits(one, other) && !plan.Waits(other, one);

    public static bool Has(this Plan plan, string step) => plan.Steps.Any(planned => ShortText.Of(planned.Step) == step);

    public static string Cause(this Plan plan, string step) => plan.Steps.Single(planned => ShortText.Of(planned.Step) == step).Cause;

    public static IEnumerable<string> Codes(this IEnumerable<Remark> remarks) => remarks.Select(remark => $"{remark.Code} {remark.Subject}");

    private static bool Reaches(this Plan plan, int from, int to)
    {
        var open = new Stack<int>([from]);
        var seen = new HashSet<int>();
        while (open.TryPop(out var number))
        {
            foreach (var wait in plan.Steps[number - 1].After)
            {
                if (wait == to)
                {
                    return true;
                }

                if (seen.Add(wait))
                {
                    open.Push(wait);
                }
            }
        }

        return false;
    }
}
