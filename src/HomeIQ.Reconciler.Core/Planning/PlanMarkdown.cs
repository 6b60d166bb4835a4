using HomeIQ.Reconciler.Changes;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A plan as Markdown, for a pull request: one sentence, the versions, and the rest folded away.</summary>
public static class PlanMarkdown
{
    public static string Of(Plan plan) => string.Join('\n', Lines(plan)) + "\n";

    private static IEnumerable<string> Lines(Plan plan) =>
    [
        $"### {Code(plan.Project)}: {(plan.From is { } from ? $"{Code(PlanText.Revision(from))} to {Code(PlanText.Revision(plan.Revision))}" : $"first install of {Code(PlanText.Revision(plan.Revision))}")}",
        "",
        Sentence(plan),
        .. Remarks("Refused", plan.Refusals),
        .. Remarks("Held", plan.Holds),
        .. Remarks("Suspended", plan.Suspensions),
        .. Remarks("Needs approval", plan.Approvals),
        .. Approval(plan),
        .. Versions(plan),
        .. Remarks("Warnings", plan.Warnings),
        .. Unverified(plan),
        .. Folded("All changes", ChangeText.Lines(plan.Changes)),
        .. Folded(Text.Count(plan.Steps.Count, "step"), PlanText.StepLines(plan.Steps)),
        .. Folded("If a step fails", plan.IsEmpty ? [] : PlanText.WayBack(plan)),
    ];

    private static string Sentence(Plan plan)
    {
        string[] parts =
        [
            Part("changes", Subjects<ServiceChanged>()), Part("adds", Subjects<ServiceAdded>()), Part("removes", Subjects<ServiceRemoved>()),
            Part("corrects", [.. plan.Changes.Where(ChangeText.IsDrift).Select(change => Code(change.Subject)).Distinct(StringComparer.Ordinal)]),
        ];
        var what = string.Join(", ", parts.Where(part => part.Length > 0));
        var stopped = plan.Steps.Where(step => !step.IsCleanUp).Select(step => step.Step).Where(step => step is StopContainer or RestartContainer)
            .Select(step => step.Subject).Distinct(StringComparer.Ordinal).Count();
        var interruption = stopped == 0 ? "nothing that runs is interrupted" : $"{Text.Count(stopped, "running service")} {(stopped == 1 ? "is" : "are")} interrupted";

        return (plan.IsEmpty, what.Length) switch
        {
            (true, 0) => "Nothing to do: the host would stay as it is.",
            (true, _) => $"This {what}. No step follows from it.",
            (false, 0) => $"{Text.Count(plan.Steps.Count, "step")}; {interruption}.",
            _ => $"This {what}: {Text.Count(plan.Steps.Count, "step")}; {interruption}.",
        };

        static string Part(string verb, List<string> subjects) => subjects.Count == 0 ? "" : $"{verb} {Text.Join(subjects, 6)}";

        List<string> Subjects<TChange>()
            where TChange : Change => [.. plan.Changes.OfType<TChange>().Select(change => Code(change.Subject))];
    }

    private static IEnumerable<string> Versions(Plan plan)
    {
        var rows = plan.Changes.OfType<ServiceChanged>()
            .Select(change => (change.Service, Image: ChangeText.ImageOf(change)))
            .Where(row => row.Image is not null)
            .Select(row => $"| {Code(row.Service)} | {Code(ChangeText.Was(row.Image!))} | {Code(ChangeText.Is(row.Image!))} |")
            .ToList();

        return rows.Count == 0 ? [] : ["", "| service | was | is |", "|---|---|---|", .. rows];
    }

    private static IEnumerable<string> Remarks(string title, ValueList<Remark> remarks) => remarks.Count == 0
        ? []
        :
        [
            "", $"**{title}**", "",
            .. remarks.Select(remark => $"- {Code(remark.Subject)}: {Prose(remark.Message)}{(remark.Hint is { } hint ? $" _{Prose(hint)}_" : "")}"),
        ];

    private static IEnumerable<string> Approval(Plan plan) =>
        plan.Approvals.Count > 0 && plan.Digest.Length > 0 ? ["", $"To approve exactly this plan: {Code($"homeiq apply --approve {plan.Digest}")}"] : [];

    private static IEnumerable<string> Unverified(Plan plan) => plan.Unverified.Count == 0
        ? []
        : ["", $"Not verified, having neither health check nor probe: {string.Join(", ", plan.Unverified.Select(Code))}."];

    private static IEnumerable<string> Folded(string title, IEnumerable<string> lines)
    {
        // A value of the desired state must not end the fence.
        var inside = lines.Select(line => line.Replace("```", "'''", StringComparison.Ordinal)).ToList();

        return inside.Count == 0 ? [] : ["", $"<details><summary>{title}</summary>", "", "```text", .. inside, "```", "", "</details>"];
    }

    /// <summary>Inline code: nothing inside is Markdown, a mention or HTML; a bar would still end a table's cell.</summary>
    private static string Code(string text) => $"`{Text.Clean(text).Replace('`', '\'').Replace("|", "\\|", StringComparison.Ordinal)}`";

    /// <summary>Words of ours around values of the desired state: shown as they are, never as markup.</summary>
    private static string Prose(string text) => string.Concat(Text.Clean(text).Select(character => character switch
    {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '@' => "&#64;",
        '*' or '_' or '`' or '[' or ']' or '|' or '\\' or '#' or '!' => $"\\{character}",
        _ => $"{character}",
    }));
}
