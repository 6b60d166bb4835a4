using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What steps of different services wait for: real needs only, so that independent services advance together.</summary>
internal sealed class StepOrder(
    PlanDraft draft, Inventory inventory, IReadOnlyDictionary<string, ServiceWork> works, IReadOnlyDictionary<string, Leftover> leftovers, Preflight preflight)
{
    private readonly Dictionary<string, ServiceWork> byContainer =
        works.Values.Where(work => work.Container is not null).DistinctBy(work => work.Container!.Id, StringComparer.Ordinal).ToDictionary(work => work.Container!.Id, StringComparer.Ordinal);

    public void Decide(IReadOnlyDictionary<string, DraftStep> replacements)
    {
        foreach (var work in works.Values.Where(work => work.Desired is not null && work.Move != Move.Remove))
        {
            Needs(work);
            Namespaces(work);
            HandOvers(work);
        }

        foreach (var (network, replacement) in replacements)
        {
            AroundReplacement(network, replacement);
        }

        // Only now is known whose stop others wait for: the rest may stay up as long as they can.
        foreach (var work in works.Values)
        {
            StayUp(work);
        }

        Phases();
        ReadyBeforeTheFirstCut();
    }

    /// <summary>A start waits for what it depends on.</summary>
    private void Needs(ServiceWork work)
    {
        if (work.Start is not { } start || work.Move == Move.Unpause)
        {
            return;
        }

        foreach (var dependency in work.Desired!.DependsOn)
        {
            if (works.TryGetValue(dependency.Service, out var need))
            {
                start.After(dependency.Condition == DependencyCondition.Started ? need.Start ?? need.Ready : need.Ready);
            }
        }

        foreach (var name in Inventory.RestartsWith(work.Desired))
        {
            if (name != work.Name && works.TryGetValue(name, out var named) && named.MayHaveMoved)
            {
                start.After(named.Ready);
            }
        }
    }

    /// <summary>Who shares a namespace leaves before it goes, and comes after it is there again.</summary>
    private void Namespaces(ServiceWork work)
    {
        foreach (var name in inventory.Providers(work.Desired!))
        {
            if (!works.TryGetValue(name, out var provider))
            {
                continue;
            }

            work.Start?.After(provider.Start);
            if (provider.Stop is { } stop && work.Stop is { } left)
            {
                stop.After(left);
                work.StopIsAwaited = true;
            }
        }
    }

    /// <summary>Names, host ports and addresses go from hand to hand.</summary>
    private void HandOvers(ServiceWork work)
    {
        if (work.Rename is { } rename && preflight.BearerInTheWayOf(work) is { } bearer)
        {
            if (byContainer.TryGetValue(bearer.Id, out var other))
            {
                rename.After(other.Aside ?? other.Rename);
                other.StopIsAwaited = true;
            }
            else if (leftovers.TryGetValue(bearer.Id, out var leftover))
            {
                rename.After(leftover.SetAsideEarly(draft));
            }
        }

        var start = work.Move is Move.Restart or Move.Unpause ? null : work.Start;
        var begins = work.Adjusted.Find(step => step.Step is ReconnectNetwork) ?? start;
        if (begins is null)
        {
            return;
        }

        if (start is not null)
        {
            Storage(work, start);
        }

        foreach (var holder in preflight.HoldersInTheWayOf(work, WillStop))
        {
            if (byContainer.TryGetValue(holder.Id, out var other))
            {
                begins.After(other.Stop);
                other.StopIsAwaited = true;
            }
            else
            {
                begins.After(leftovers[holder.Id].StopEarly(draft));
            }
        }
    }

    /// <summary>A place to write goes from hand to hand, too: who is to be gone has let go of it before its successor writes there.</summary>
    private void Storage(ServiceWork work, DraftStep start)
    {
        var wanted = work.Desired!.Spec.Mounts.Where(mount => mount is { ReadOnly: false, Kind: MountKind.Volume or MountKind.Bind }).Select(mount => mount.Source).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count == 0)
        {
            return;
        }

        bool Writes(ObservedContainer container) => container.Mounts.Any(mount => !mount.ReadOnly && wanted.Contains(mount.Kind == "volume" ? mount.Name : mount.Source));

        foreach (var other in works.Values.Where(other => other is { Move: Move.Remove, Container: not null } && Writes(other.Container)))
        {
            start.After(other.Stop);
            other.StopIsAwaited = true;
        }

        foreach (var leftover in leftovers.Values.Where(leftover => leftover.Container.Id != work.Container?.Id && leftover.IsRunning && Writes(leftover.Container)))
        {
            start.After(leftover.StopEarly(draft));
        }
    }

    private bool WillStop(ObservedContainer container) =>
        byContainer.TryGetValue(container.Id, out var work) ? work.Stop is not null && work.Move != Move.Bounce : leftovers.ContainsKey(container.Id);

    /// <summary>Everyone on the network stops, dependents first; it is replaced; then they start.</summary>
    private void AroundReplacement(string network, DraftStep replacement)
    {
        foreach (var work in works.Values)
        {
            replacement.After(work.Adjusted.Find(step => step.Step is DisconnectNetwork leave && leave.Network == network));
            var attached = work.Container?.Networks.Any(attachment => attachment.Network == network) == true
                || work.Effective?.Service.Spec.Networks.Any(attachment => attachment.Network == network) == true;
            if (attached && work.Stop is { } stop)
            {
                replacement.After(stop);
                work.StopIsAwaited = true;
                foreach (var dependency in work.Desired?.DependsOn ?? [])
                {
                    works.GetValueOrDefault(dependency.Service)?.Stop?.PreferablyAfter(stop);
                }
            }

            if (work.Desired?.Spec.Networks.Any(attachment => attachment.Network == network) == true && work.Move != Move.Restart)
            {
                work.Start?.After(replacement);
            }
        }
    }

    /// <summary>A service that is replaced runs on until what it depends on is proven: it is away only for its own swap, and not at all when that proof fails.</summary>
    private void StayUp(ServiceWork work)
    {
        if (work.Stop is not { } stop || work.StopIsAwaited)
        {
            return;
        }

        foreach (var dependency in work.Desired?.DependsOn ?? [])
        {
            stop.PreferablyAfter(works.GetValueOrDefault(dependency.Service)?.Verify);
        }

        if (work.Move != Move.Remove)
        {
            return;
        }

        // Who used it is proven to do without it, or is gone itself.
        foreach (var name in FormerUsers.GetValueOrDefault(work.Name) ?? [])
        {
            stop.PreferablyAfter(works[name].Move == Move.Remove ? works[name].Stop : works[name].Verify);
        }
    }

    private Dictionary<string, List<string>> FormerUsers => field ??= inventory.Effective.Values
        .SelectMany(service => service.Service.DependsOn.Select(dependency => (Needed: dependency.Service, User: service.Service.Name)))
        .Where(pair => works.ContainsKey(pair.User))
        .GroupBy(pair => pair.Needed, pair => pair.User, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);

    /// <summary>A phase moves when the one before it is proven.</summary>
    private void Phases()
    {
        var phases = works.Values.Where(work => work.Move != Move.None).GroupBy(work => work.Phase).OrderBy(group => group.Key).ToList();
        foreach (var (earlier, later) in phases.Zip(phases.Skip(1)))
        {
            PlanDraft.Barrier(
                [.. earlier.Select(work => work.Ready ?? work.Rename ?? work.Aside).OfType<DraftStep>()],
                [.. later.Select(work => work is { Stop: { } stop, StopIsAwaited: false } ? stop : work.Start ?? work.Adjusted.FirstOrDefault() ?? work.Rename).OfType<DraftStep>()],
                preferably: true);
        }
    }

    /// <summary>Nothing stops before all that can be prepared is in hand.</summary>
    private void ReadyBeforeTheFirstCut()
    {
        var preparation = draft.Steps.Where(step => step.Section < Section.Ask && !WaitsForReplacement(step)).ToList();
        var waitedFor = preparation.SelectMany(step => step.Waits).ToHashSet();
        List<DraftStep> last = [.. preparation.Where(step => !waitedFor.Contains(step))];
        if (draft.Steps.Where(step => step.Section == Section.Ask).ToList() is { Count: > 0 } asked)
        {
            // As late as can be: while images are built, slow answers would say nothing.
            PlanDraft.Barrier(last, asked);
            last = asked;
        }

        PlanDraft.Barrier(last, [.. draft.Steps.Where(step => step is { Section: Section.Move, Step: StopContainer or RestartContainer or ReplaceNetwork or ReconnectNetwork or DisconnectNetwork })]);
    }

    private static bool WaitsForReplacement(DraftStep step) => step.Waits.Any(wait => wait.Step is ReplaceNetwork || (wait.Step is CreateContainer && WaitsForReplacement(wait)));
}
