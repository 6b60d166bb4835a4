using System.Text;
using HomeIQ.Reconciler.Forges;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Proposing;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Offers the repository the way out of a hold: a branch on which the suspects' blocks read as they did when all was well, and all else as it does now (DESIGN §6.7).</summary>
/// <remarks>Nothing is offered that was not loaded first and found to ask for something else than what failed. What became of it stands in the journal of the run.</remarks>
internal sealed class RevertBranch(AgentSettings settings, GitSource source, SealedStore sealedStore, IJournal journal, Lookout lookout, Forge? forge, TimeProvider time)
{
    /// <summary>A larger file is no desired state.</summary>
    private const long Limit = 4 << 20;

    /// <summary>Until a repository that did not take the branch is asked again.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromHours(1);

    private readonly Dictionary<string, DateTimeOffset> tried = new(StringComparer.Ordinal);

    /// <summary>Offers it once, and again from time to time while the repository does not take it.</summary>
    /// <returns>What stands in the journal now; null when there is nothing to offer, or when it is too early to ask again.</returns>
    public async Task<RevertOffered?> OfferAsync(QuarantineEntry entry, CancellationToken cancellationToken)
    {
        if (journal.Find(entry.Run) is not { Offer: not { Problem: null } } run || tried.GetValueOrDefault(entry.Id) + Again > time.GetUtcNow()
            || sealedStore.FindState(journal.Pointers().LastKnownGood) is not { Revision: { } good } || good == entry.Revision)
        {
            return null;
        }

        tried[entry.Id] = time.GetUtcNow();
        var branch = $"homeiq/revert-{entry.Revision[..Math.Min(8, entry.Revision.Length)]}";
        var offer = await MakeAsync(entry, good, branch, cancellationToken) switch
        {
            ProposalOutcome.Pushed pushed => await RequestedAsync(new(branch, pushed.Commit, null), entry, good, cancellationToken),
            ProposalOutcome.AlreadyThere there => await RequestedAsync(new(branch, there.Commit, null), entry, good, cancellationToken),
            ProposalOutcome.NotPushed not => new RevertOffered(branch, null, not.Reason),
            var other => throw new NotSupportedException($"Outcome {other.GetType().Name}."),
        };
        if (run.Offer?.Problem is not { } before || before != offer.Problem)
        {
            journal.Append(run.Id, offer);
        }

        return offer;
    }

    /// <summary>Asks for the branch to be merged, where there is a forge to ask.</summary>
    private async Task<RevertOffered> RequestedAsync(RevertOffered offer, QuarantineEntry entry, string good, CancellationToken cancellationToken)
    {
        if (forge is null)
        {
            return offer;
        }

        try
        {
            var message = Message(entry, good);
            var title = message[..message.IndexOf('\n', StringComparison.Ordinal)].TrimEnd();
            return offer with { Request = await forge.OpenAsync(offer.Branch, settings.Branch, title, message[title.Length..].Trim(), cancellationToken) };
        }
        catch (ForgeException refused)
        {
            return offer with { Problem = $"the branch is there, and no pull request: {refused.Message}" };
        }
    }

    private async Task<ProposalOutcome> MakeAsync(QuarantineEntry entry, string good, string branch, CancellationToken cancellationToken)
    {
        try
        {
            var head = source.Resolve(settings.Branch).Id;
            if (lookout.Contains(source.TreeAt(head), entry) is false)
            {
                return new ProposalOutcome.NotPushed(branch, "the branch does not ask for what failed any more", null);
            }

            var (texts, reason) = Restored(entry, good, head);
            if (texts.Count == 0)
            {
                return new ProposalOutcome.NotPushed(branch, reason ?? "the Compose files read as they did when all was well: a file that they mount, an env file or an input of this host is another one", null);
            }

            return lookout.Contains(new PatchedTree(source.TreeAt(head), texts), entry) switch
            {
                null => new ProposalOutcome.NotPushed(branch, $"with the old blocks put back, {settings.Path} does not load", null),
                true => new ProposalOutcome.NotPushed(branch, reason ?? "also with the old blocks put back it asks for what failed: a file that they mount, an env file or an input of this host is another one", null),
                false => await source.ProposeAsync(new Proposal(head, branch, Message(entry, good), texts, time.GetUtcNow()), cancellationToken),
            };
        }
        catch (GitException unreadable)
        {
            return new ProposalOutcome.NotPushed(branch, unreadable.Message, unreadable.Hint);
        }
    }

    /// <summary>The Compose files whose texts change when the suspects' blocks are put back, and why one could not be told apart.</summary>
    private (ValueMap<string> Texts, string? Reason) Restored(QuarantineEntry entry, string good, string head)
    {
        var (now, then) = (source.TreeAt(head), source.TreeAt(good));
        var suspects = entry.Contents.Keys.ToHashSet(StringComparer.Ordinal);
        var texts = new List<KeyValuePair<string, string>>();
        string? reason = null;
        foreach (var file in source.ChangedFiles(good, head).Where(file => file.Change is FileChange.Modified && IsDesired(file.Path)))
        {
            var bytes = now.Read(file.Path, Limit);
            switch (ServiceBlocks.Restore(bytes, then.Read(file.Path, Limit), suspects))
            {
                case Restoration.Restored restored when restored.Text != Encoding.UTF8.GetString(bytes):
                    texts.Add(new(file.Path, restored.Text));
                    break;
                case Restoration.NotLocated not:
                    reason = $"{file.Path}: {not.Reason}";
                    break;
                default:
                    break;
            }
        }

        return (new(texts), reason);
    }

    private bool IsDesired(string path) =>
        (settings.Path.Length == 0 || path.StartsWith(settings.Path + "/", StringComparison.Ordinal)) && Path.GetExtension(path) is ".yaml" or ".yml";

    private static string Message(QuarantineEntry entry, string good) =>
        $"""
        Put {string.Join(", ", entry.Contents.Keys)} back as in {PlanText.Revision(good)}

        {entry.Service} failed in run {entry.Run}: {entry.Reason.Trim().ReplaceLineEndings(" ")}
        Everything else stays as it is. Merging this ends the hold; so does any other change of these services.

        """;

    /// <summary>The files of a commit, some of them with another text.</summary>
    private sealed class PatchedTree(ISourceTree under, ValueMap<string> texts) : ISourceTree
    {
        public string Revision => under.Revision;

        public string Shown(string path) => under.Shown(path);

        public SourceEntry? Find(string path) =>
            under.Find(path) is { } entry && texts.TryGetValue(path, out var text) ? new(entry.Path, entry.Kind, Encoding.UTF8.GetByteCount(text), entry.Executable, "patched") : under.Find(path);

        public IReadOnlyList<SourceEntry> List(string path) => [.. under.List(path).Select(entry => Find(entry.Path)).OfType<SourceEntry>()];

        public byte[] Read(string path, long limit) => texts.TryGetValue(path, out var text) ? Encoding.UTF8.GetBytes(text) : under.Read(path, limit);

        public Stream Open(string path, long limit) => texts.ContainsKey(path) ? new MemoryStream(Read(path, limit), writable: false) : under.Open(path, limit);
    }
}
