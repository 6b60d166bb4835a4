using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Reads back which sealed states are there, and what the journal has to do with them.</summary>
internal sealed class PastStates(SealedStore sealedStore, IJournal journal)
{
    /// <summary>Newest first.</summary>
    /// <exception cref="JsonException">One of them cannot be read; the message names it. Nobody can tell then what it needs.</exception>
    public ValueList<SealedState> Read()
    {
        var age = journal.RunIds().Index().ToDictionary(run => run.Item, run => run.Index, StringComparer.Ordinal);
        var pointers = journal.Pointers();
        var pinned = journal.Unfinished().Select(run => run.Before).Concat([pointers.Effective, pointers.LastKnownGood]).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from id in sealedStore.States()
               let state = StateOf(id)
               orderby age.GetValueOrDefault(SealedStore.RunOf(id), int.MaxValue), id descending
               select new SealedState(id, state, IsPromoted(id), pinned.Contains(id), id == pointers.Previous),
        ];
    }

    /// <summary>The state in which a commit was last known-good, by how its id begins; or why there is none to go back to.</summary>
    public (string? Id, ApplyReport? Obstacle) Named(string commit, JournalPointers pointers)
    {
        List<SealedState> known;
        try
        {
            known = [.. Read().Where(state => state.IsPromoted && state.Id != pointers.Effective)];
        }
        catch (JsonException damaged)
        {
            return (null, new(ApplyResult.Refused, $"{damaged.Message.TrimEnd('.')}; nothing was touched") { Hint = "mend or remove it; homeiq rollback alone goes to the state before this one" });
        }

        var found = known.Where(state => state.State.Revision.StartsWith(commit, StringComparison.Ordinal)).ToList();
        if (sealedStore.FindHeldState(pointers.Effective)?.Revision.StartsWith(commit, StringComparison.Ordinal) == true)
        {
            return (null, new(ApplyResult.NothingToDo, $"the host is on {PlanText.Revision(commit)} already"));
        }

        return found.Select(state => state.State.Revision).Distinct(StringComparer.Ordinal).Count() switch
        {
            1 => (found[0].Id, null),
            0 => (null, new(ApplyResult.Refused, $"{PlanText.Revision(commit)} is no known-good commit that is kept here; nothing was touched")
            {
                Hint = known.Count == 0 ? "none is kept: policy.generations says how many are" : $"kept are: {string.Join(", ", known.Select(state => PlanText.Revision(state.State.Revision)).Distinct(StringComparer.Ordinal))}",
            }),
            _ => (null, new(ApplyResult.Refused, $"several known-good commits begin with {commit}; nothing was touched") { Hint = "give more of its id" }),
        };
    }

    /// <summary>It was last known-good once: by its run's promotion, as the repair of one that was, or at the end of a way back that had to make containers again.</summary>
    private bool IsPromoted(string id)
    {
        for (var state = (string?)id; state is not null;)
        {
            var run = SealedStore.RunOf(state);
            if (journal.Find(run) is not { } record || record.Id != run)
            {
                return false;
            }

            if (state != run)
            {
                return record.After == state;
            }

            switch (record.Begun.FirstOrDefault(step => step is { Planned.Step: Promote, Receipt: not null })?.Receipt)
            {
                case null:
                    return false;
                case StateSealed { IsRepair: true }:
                    state = record.Before;
                    break;
                default:
                    return true;
            }
        }

        return false;
    }

    private EffectiveState StateOf(string id)
    {
        try
        {
            return sealedStore.FindState(id) ?? throw new JsonException("it is empty");
        }
        catch (JsonException unreadable)
        {
            throw new JsonException($"the sealed state {id} cannot be read: {unreadable.Message}", unreadable);
        }
    }
}
