namespace HomeIQ.Reconciler.Planning;

/// <summary>One line for one step, in the operator's words: the same in plan, progress, log and journal.</summary>
public static class StepText
{
    public static string Of(Step step) => Text.Clean(step switch
    {
        PullImage pull => $"pull {pull.Image}{(pull.Platform is { } platform ? $" for {platform}" : "")}",
        BuildImage build => $"build {build.Image}",
        KeepImage keep => $"keep the image that {keep.Service} runs now",
        ExportContent export => $"export content {Text.Short(export.Digest)} for {export.Service}",
        CreateNetwork create => $"create network {create.Network.Name}",
        ReplaceNetwork replace => $"replace network {replace.To.Name}",
        RemoveNetwork remove => $"remove network {remove.Network.Name}",
        CreateVolume create => $"create volume {create.Volume.Name}",
        CreateContainer create => $"create {create.Service}",
        TakeBaseline { Probes: > 0 } baseline => $"ask the probes of {baseline.Service} before anything stops",
        TakeBaseline baseline => $"note the health of {baseline.Service} before anything stops",
        StopContainer stop => $"stop {stop.Service}",
        BackUp backup => $"copy {backup.Database} (volume {backup.Volume})",
        Rehearse rehearse => $"rehearse the migration of {rehearse.Database} on a copy ({string.Join(' ', rehearse.Job.Migration.Command)})",
        Migrate migrate => $"migrate {migrate.Database} ({string.Join(' ', migrate.Job.Migration.Command)})",
        RestoreData restore => $"put {restore.Database} back (volume {restore.Volume})",
        ReleaseCopies release => $"let go of older copies of {release.Database}",
        SetRestartPolicy { Restart.Name: "no" } disarm => $"disarm {disarm.Service}",
        SetRestartPolicy arm => $"arm {arm.Service} ({arm.Restart})",
        SetAside aside => $"set {aside.Service} aside as {aside.AsideName}",
        RenameContainer rename => $"rename {rename.Container.Name} to {rename.To}",
        StartContainer start => $"start {start.Service}",
        RestartContainer restart => $"restart {restart.Service}",
        UnpauseContainer unpause => $"unpause {unpause.Service}",
        UpdateContainer update => $"update {update.Service} in place",
        ReconnectNetwork reconnect => $"reconnect {reconnect.Service} to network {reconnect.Network}",
        DisconnectNetwork disconnect => $"disconnect {disconnect.Service} from network {disconnect.Network}",
        VerifyService verify => $"verify {verify.Service}",
        PutBack back => $"put {back.Service} back as {back.Name}",
        Soak soak => $"watch {Text.Join(soak.Services, 3)} for {Duration.ToText(soak.For)}",
        Promote promote => $"promote {Text.Short(promote.Revision)} to last known-good",
        RemoveContainer remove => $"remove {remove.Container.Name}",
        ReleaseImage release => $"let go of image {release.Tag}",
        ReleaseStates release => $"let go of {Text.Count(release.States.Count, "old state")} and what only {(release.States.Count == 1 ? "it" : "they")} needed",
        _ => throw new NotSupportedException($"No words for {step.GetType().Name}."),
    });
}
