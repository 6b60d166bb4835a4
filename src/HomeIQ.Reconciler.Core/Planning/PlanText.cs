using HomeIQ.Reconciler.Changes;

namespace HomeIQ.Reconciler.Planning;

/// <summary>The one text form of a plan: the same on a terminal, in the journal, on the page and in tests. No colour, nothing secret.</summary>
public static class PlanText
{
    public static string Of(Plan plan) => string.Join('\n', Lines(plan));

    /// <summary>A revision as people see it: the first seven characters of a commit's id, anything else whole.</summary>
    public static string Revision(string revision) => Text.Clean(Text.Short(revision));

    /// <summary>One line: which project, from where to where, how much.</summary>
    public static string Headline(Plan plan)
    {
        var to = Revision(plan.Revision);
        var way = (plan.IsRollback, plan.From) switch
        {
            (true, { } from) => $"back from {Revision(from)} to {to}",
            (false, null) => $"first install of {to}",
            (false, { } from) when from == plan.Revision => $"correct the host towards {to}",
            (_, { } from) => $"{Revision(from)} -> {to}",
            _ => $"back to {to}",
        };
        string[] counts =
        [
            Counted(plan.Changes.OfType<ServiceAdded>(), "added"), Counted(plan.Changes.OfType<ServiceChanged>(), "changed"),
            Counted(plan.Changes.OfType<ServiceRemoved>(), "removed"), Counted(plan.Changes.Where(change => ChangeText.IsDrift(change) && ChangeText.Name(change) == change.Subject), "drifted"),
        ];
        var services = string.Join(", ", counts.Where(count => count.Length > 0));

        return plan.IsEmpty && plan.Changes.Count == 0 && plan.Refusals.Count == 0 && plan.Holds.Count == 0
            ? $"{Text.Clean(plan.Project)}: in sync with {to}, nothing to do"
            : $"{Text.Clean(plan.Project)}: {way} ({(services.Length > 0 ? $"services: {services}; " : "")}{Text.Count(plan.Steps.Count, "step")})";

        static string Counted(IEnumerable<Change> changes, string what) =>
            changes.Select(change => change.Subject).Distinct(StringComparer.Ordinal).Count() is > 0 and var count ? $"{count} {what}" : "";
    }

    /// <summary>What the way back would do if a step failed: one or two lines, without indentation.</summary>
    public static IEnumerable<string> WayBack(Plan plan) => Text.Wrap("", "", WayBackSentence(plan));

    internal static IEnumerable<string> StepLines(IEnumerable<PlannedStep> steps)
    {
        var rows = steps.Select(step => (step.Number, Words: StepText.Of(step.Step), After: After(step.After), Cause: Text.Clean(step.Cause))).ToList();
        if (rows.Count == 0)
        {
            yield break;
        }

        var words = Math.Min(44, rows.Max(row => row.Words.Length));
        var after = Math.Min(18, rows.Max(row => row.After.Length));
        var told = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var line = $"{row.Number,4}  {row.Words.PadRight(words)}  {row.After.PadRight(after)}".TrimEnd();
            var start = 4 + 2 + words + 2 + (after > 0 ? after + 2 : 0);
            if (row.Cause.Length == 0)
            {
                yield return line;
            }
            else if (Math.Max(start, line.Length + 2) + row.Cause.Length + 2 <= Text.Width)
            {
                yield return $"{line.PadRight(start - 2)}  ({row.Cause})";
            }
            else if (!told.TryAdd(row.Cause, row.Number))
            {
                // A cause of several lines is told once.
                yield return $"{line.PadRight(start - 2)}  (as {told[row.Cause]})";
            }
            else
            {
                yield return line;
                foreach (var part in Text.Wrap("        (", "         ", $"{row.Cause})"))
                {
                    yield return part;
                }
            }
        }
    }

    private static IEnumerable<string> Lines(Plan plan)
    {
        yield return Headline(plan);

        IEnumerable<(string? Title, IEnumerable<string> Lines)> sections =
        [
            ("changes", ChangeText.Lines(plan.Changes)),
            ("steps", StepLines(plan.Steps.Where(step => !step.IsCleanUp))),
            ("clean-up after promotion (a failure here takes nothing back)", StepLines(plan.Steps.Where(step => step.IsCleanUp))),
            ("refused", Remarks(plan.Refusals, "what to do")),
            ("held", Remarks(plan.Holds, "way out")),
            ("suspended", Remarks(plan.Suspensions, "way out")),
            ("needs approval", Approvals(plan)),
            ("warnings", Remarks(plan.Warnings, "hint")),
            ("not verified, having neither health check nor probe", plan.Unverified.Count == 0 ? [] : Text.Wrap("  ", "  ", string.Join(", ", plan.Unverified))),
            ("if a step fails", plan.IsEmpty ? [] : Text.Wrap("  ", "  ", WayBackSentence(plan))),
        ];
        foreach (var (title, lines) in sections)
        {
            var first = true;
            foreach (var line in lines)
            {
                if (first)
                {
                    yield return "";
                    yield return title!;
                    first = false;
                }

                yield return line;
            }
        }
    }

    private static IEnumerable<string> Remarks(IEnumerable<Remark> remarks, string hint)
    {
        foreach (var remark in remarks)
        {
            foreach (var line in Text.Wrap("  ", "    ", $"{remark.Subject}: {remark.Message} [{remark.Code}]"))
            {
                yield return line;
            }

            foreach (var line in remark.Hint is { } text ? Text.Wrap("    ", "      ", $"{hint}: {text}") : [])
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<string> Approvals(Plan plan) => plan.Approvals.Count == 0
        ? []
        : [.. Remarks(plan.Approvals, "hint"), plan.Digest.Length > 0 ? $"  to approve exactly this plan: homeiq apply --approve {plan.Digest}" : "  this plan has no digest to approve"];

    /// <summary><c>after 2, 4-6</c>: steps that wait for the same may run together.</summary>
    private static string After(IReadOnlyList<int> numbers)
    {
        var runs = new List<(int First, int Last)>();
        foreach (var number in numbers.Order())
        {
            if (runs.Count > 0 && runs[^1].Last >= number - 1)
            {
                runs[^1] = (runs[^1].First, number);
            }
            else
            {
                runs.Add((number, number));
            }
        }

        return runs.Count == 0
            ? ""
            : $"after {string.Join(", ", runs.Select(run => run.First == run.Last ? $"{run.First}" : run.Last == run.First + 1 ? $"{run.First}, {run.Last}" : $"{run.First}-{run.Last}"))}";
    }

    private static string WayBackSentence(Plan plan)
    {
        var steps = plan.Steps.Where(step => !step.IsCleanUp).Select(step => step.Step).ToList();
        if (plan.IsRollback)
        {
            return "nothing more is changed by itself: the host stays as it is then, both errors are shown, and a person decides.";
        }

        if (plan.From is null)
        {
            return "there is nothing to go back to yet: the failed service is stopped and its evidence kept, its dependents wait, the rest stays up, and nothing is promoted.";
        }

        var back = Subjects<SetAside>();
        var data = Subjects<BackUp>();
        var woken = Subjects<StopContainer>().Except(back, StringComparer.Ordinal).ToList();
        var restarted = steps.OfType<RestartContainer>().Where(step => !step.ForDrift).Select(step => step.Subject).Distinct(StringComparer.Ordinal).ToList();
        var made = Subjects<CreateContainer>().Except(back, StringComparer.Ordinal).ToList();
        var networks = steps.OfType<ReplaceNetwork>().Where(step => step.From != step.To).Select(step => step.Subject).Distinct(StringComparer.Ordinal).ToList();
        string[] parts =
        [
            networks.Count > 0 ? $"the old settings of network {Text.Join(networks, 4)} return" : "",
            back.Count > 0 ? $"{Text.Join(back, 6)} {Verb(back, "returns", "return")} to the kept {Verb(back, "container", "containers")} (no pull, no registry, no Git)" : "",
            data.Count > 0 ? $"the data of {Text.Join(data, 6)} is put back from the copy, and what replaced it is kept beside it" : "",
            woken.Count > 0 ? $"{Text.Join(woken, 6)} {Verb(woken, "is", "are")} started again" : "",
            restarted.Count > 0 ? $"{Text.Join(restarted, 6)} {Verb(restarted, "is", "are")} restarted" : "",
            made.Count > 0 ? $"what is new of {Text.Join(made, 6)} is stopped and kept for inspection" : "",
        ];
        var all = string.Join("; ", parts.Where(part => part.Length > 0));

        return all.Length == 0
            ? $"the host is held to {Revision(plan.From)} as before: no container has to go back."
            : $"everything that was begun goes back, last step first, to {Revision(plan.From)}: {all}.";

        List<string> Subjects<TStep>()
            where TStep : Step => [.. steps.OfType<TStep>().Select(step => step.Subject).Distinct(StringComparer.Ordinal)];

        static string Verb(List<string> subjects, string one, string many) => subjects.Count == 1 ? one : many;
    }
}
