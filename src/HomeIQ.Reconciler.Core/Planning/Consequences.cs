using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What follows for a service from what is done with others: namespaces that it shares, networks that it is on, addresses that it caches.</summary>
internal sealed class Consequences(Inventory inventory, IReadOnlyDictionary<string, ServiceWork> works)
{
    /// <summary>Users of a network that has to be made again join the new one; users of one that is replaced let go of it meanwhile.</summary>
    public void OfNetworks(IReadOnlySet<string> made, IReadOnlySet<string> replaced)
    {
        if (made.Count == 0 && replaced.Count == 0)
        {
            return;
        }

        foreach (var work in works.Values.Where(work => work is { Desired: not null, Container: not null }))
        {
            foreach (var network in work.Desired!.Spec.Networks.Select(attachment => attachment.Network))
            {
                if (made.Contains(network))
                {
                    Rejoin(work, network);
                }
                else if (replaced.Contains(network) && work.IsRunning)
                {
                    work.Raise(Move.Bounce, $"network {network} is replaced");
                }
            }

            // Whoever is on a network that is replaced is put on it again by that very step.
            work.Adjustment = work.Adjustment with { Rejoin = [.. work.Adjustment.Rejoin.Where(network => !replaced.Contains(network))] };
        }
    }

    private void Rejoin(ServiceWork work, string network)
    {
        var cause = $"network {network} is gone and is made again";
        if (work.Effective is null || inventory.LeftDrifted.Contains(work.Container!.Id))
        {
            work.Raise(Move.Replace, cause);
        }
        else if (inventory.DriftOf(work.Desired!) == DriftPolicy.Correct)
        {
            work.Adjustment = work.Adjustment with { Rejoin = [.. work.Adjustment.Rejoin.Append(network).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] };
            work.Raise(Move.Adjust, cause);
        }
    }

    /// <summary>Called in dependency order, so that what follows from a consequence is seen, too.</summary>
    public void OfNeeds(ServiceWork work, Remarks remarks)
    {
        if (work.Desired is not { Scale: > 0 } desired)
        {
            return;
        }

        foreach (var provider in inventory.Providers(desired).Where(works.ContainsKey).Select(name => works[name]))
        {
            if (provider.MakesContainer && work.Container is not null)
            {
                work.Raise(Move.Replace, $"it shares a namespace of {provider.Name}, which is made anew");
            }
            else if (provider.ComesUpAnew && work.IsRunning)
            {
                Restart(work, provider, $"it shares a namespace of {provider.Name}, which is started again", remarks);
            }
            else if (work.IsRunning && provider.IsRunning && inventory.SuspensionOf(work.Name) is null && provider.Container!.StartedAt > work.Container!.StartedAt)
            {
                work.Raise(Move.Restart, $"{provider.Name}, whose namespace it shares, was started again after it: it has lost its interface");
            }
        }

        foreach (var named in Inventory.RestartsWith(desired).Where(name => name != work.Name && works.ContainsKey(name)).Select(name => works[name]))
        {
            if (named.MayHaveMoved && work.IsRunning)
            {
                Restart(work, named, $"restarts with {named.Name}", remarks);
            }
        }
    }

    /// <summary>A repair does not wait for a suspended neighbour, and does not touch it either; a commit would (<see cref="Judgements.OnSuspension"/>).</summary>
    private void Restart(ServiceWork work, ServiceWork other, string cause, Remarks remarks)
    {
        if (inventory.SuspensionOf(work.Name) is { } suspension && !other.IsChanged && inventory.IsRepair)
        {
            remarks.Warn("not-restarted", work.Name, $"{cause}, and is left alone: {suspension.ToText()}", $"docker restart {work.Container!.Name} if it does not find {other.Name} any more");
            return;
        }

        work.RestartsWithOthers = true;
        work.Raise(Move.Restart, cause);
    }

    /// <summary>Nothing moves in an earlier phase than what it needs.</summary>
    public void OfPhases(ServiceWork work, Remarks remarks)
    {
        if (work.Desired is not { } desired || work.Move == Move.None)
        {
            return;
        }

        foreach (var need in ServiceOrder.Needs(inventory, desired).Select(name => works[name]).Where(need => need.Move is not (Move.None or Move.Remove) && need.Phase > work.Phase))
        {
            remarks.Warn("phase-order", work.Name, $"it needs {need.Name}, which stands in a later phase: it moves with that one", "put it into the same phase or a later one");
            work.Phase = need.Phase;
        }
    }
}
