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
