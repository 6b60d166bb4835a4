using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What an adoption records, as people read it before they agree.</summary>
public static class AdoptionText
{
    public static string Of(Adoption adoption) => string.Join('\n', Lines(adoption));

    private static IEnumerable<string> Lines(Adoption adoption)
    {
        var what = adoption.IsOurs ? "rebuild from our labels" : "take over as it runs";
        yield return Text.Clean($"{adoption.Project}: {what}, beside {PlanText.Revision(adoption.Revision)} ({Text.Count(adoption.Services.Count, "container")})");
        if (adoption.Services.Count + adoption.Missing.Count > 0)
        {
            yield return "";
            yield return "services (as it runs -> as the commit says, which the next apply brings about)";
        }

        var names = Math.Min(32, adoption.Services.Select(service => service.Service.Length).Concat(adoption.Missing.Select(name => name.Length)).DefaultIfEmpty(0).Max());
        var containers = Math.Min(40, adoption.Services.Select(service => service.Container.Length).DefaultIfEmpty(0).Max());
        foreach (var service in adoption.Services)
        {
            var sign = service.Fields.Count > 0 ? '~' : '=';
            yield return Text.Clean($"  {sign} {service.Service.PadRight(names)}  {service.Container.PadRight(containers)}  {Id(service.ContainerId)}  {service.Image} ({Id(service.ImageId)}){(service.Status is ContainerStatus.Running ? "" : $"  {service.Status.ToString().ToLowerInvariant()}")}");
            foreach (var line in ChangeText.FieldLines(service.Fields))
            {
                yield return line;
            }
        }

        foreach (var name in adoption.Missing)
        {
            yield return Text.Clean($"  + {name.PadRight(names)}  not here: the next apply installs it");
        }

        foreach (var line in Things("networks, taken over as they are", adoption.Networks).Concat(Things("volumes, taken over with their data", adoption.Volumes)).Concat(RemarkLines("to know", adoption.Notes)).Concat(RemarkLines("refused", adoption.Refusals)))
        {
            yield return line;
        }

        if (adoption.Refusals.Count > 0)
        {
            yield break;
        }

        yield return "";
        yield return "what is recorded";
        foreach (var line in Text.Wrap("  ", "  ", Recorded(adoption)))
        {
            yield return line;
        }
    }

    private static string Recorded(Adoption adoption)
    {
        var differ = adoption.Services.Count(service => service.Fields.Count > 0);
        var record = $"{Text.Count(adoption.Services.Count, "container")} by id, with image, settings and mounts as the engine has them now: the first last known-good state. Nothing is stopped, started, renamed or made anew.";
        var then = differ + adoption.Missing.Count == 0
            ? "All of it is as the commit says."
            : $"What differs ({Text.Count(differ, "service")} to change, {adoption.Missing.Count} to install) is what homeiq plan shows afterwards.";
        return adoption.IsOurs
            ? $"{record} {then} What the lost state directory held is gone: the generations to roll back to, what was in quarantine, and the history."
            : $"{record} {then}";
    }

    private static IEnumerable<string> Things(string title, ValueList<string> names) =>
        names.Count == 0 ? [] : ["", title, .. Text.Wrap("  ", "  ", string.Join(", ", names))];

    private static IEnumerable<string> RemarkLines(string title, ValueList<Remark> remarks) =>
        remarks.Count == 0 ? [] : ["", title, .. remarks.SelectMany(remark => Text.Wrap("  ", "    ", $"{remark.Subject}: {remark.Message}").Concat(remark.Hint is { } hint ? Text.Wrap("    ", "    ", hint) : []))];

    private static string Id(string id)
    {
        var bare = id.StartsWith("sha256:", StringComparison.Ordinal) ? id["sha256:".Length..] : id;
        return bare.Length > 12 ? bare[..12] : bare;
    }
}
