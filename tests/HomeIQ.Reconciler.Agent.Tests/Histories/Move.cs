namespace HomeIQ.Reconciler.Histories;

/// <summary>Something that happens to a house under a daemon.</summary>
internal abstract record Move;

/// <summary>Somebody commits.</summary>
internal abstract record CommitMove : Move
{
    /// <summary>What the new commit asks for; what cannot be meant changes nothing.</summary>
    /// <param name="branch">What the commits so far asked for, newest last.</param>
    public abstract Asked Next(IReadOnlyList<Asked> branch);

    protected static Asked With(Asked asked, string service, Func<Content, Content> change) =>
        asked.Services.TryGetValue(service, out var content) ? asked with { Services = asked.Services.With(service, change(content)) } : asked;
}

/// <summary>A service moves to the next good version; a bad one is mended.</summary>
internal sealed record Upgrade(string Service) : CommitMove
{
    private static readonly string[] Tags = ["1.0.0", "1.1.0", "1.2.0"];

    public override Asked Next(IReadOnlyList<Asked> branch) => With(branch[^1], Service, content => content with { Tag = Tags[(Array.IndexOf(Tags, content.Tag) + 1) % Tags.Length] });
}

internal sealed record ChangeSetting(string Service) : CommitMove
{
    public override Asked Next(IReadOnlyList<Asked> branch) => With(branch[^1], Service, content => content with { Level = content.Level + 1 });
}

/// <param name="Beside">Gets another setting in the same commit; the same service for none.</param>
internal sealed record Break(string Service, string Beside) : CommitMove
{
    public override Asked Next(IReadOnlyList<Asked> branch) => With(With(branch[^1], Service, content => content with { Tag = Content.BadTag }), Beside, content => Beside == Service ? content : content with { Level = content.Level + 1 });
}

internal sealed record WordsOnly : CommitMove
{
    public override Asked Next(IReadOnlyList<Asked> branch) => branch[^1] with { Remarks = branch.Count };
}

/// <summary>The newest commit is taken back by another one; twice in a row, it is there again.</summary>
internal sealed record Revert : CommitMove
{
    public override Asked Next(IReadOnlyList<Asked> branch) => branch[^Math.Min(2, branch.Count)];
}

internal sealed record AddOrRemoveExtra : CommitMove
{
    public override Asked Next(IReadOnlyList<Asked> branch) =>
        branch[^1] is var asked && asked.Services.ContainsKey(Asked.Extra)
            ? asked with { Services = asked.Services.Without(Asked.Extra) }
            : asked with { Services = asked.Services.With(Asked.Extra, new("1.0.0", 0)) };
}

internal enum DriftKind
{
    Stopped,
    Removed,
    Renamed,
    Paused,
    OtherRestartPolicy,

    /// <summary>What a run set aside to go back to is removed.</summary>
    KeptRemoved,
}

/// <summary>Somebody else lays hands on a container; on one that is not there, nothing happens.</summary>
internal sealed record Meddle(string Service, DriftKind Kind) : Move;

internal sealed record LetPass(TimeSpan Time) : Move;

/// <summary>The process of ours dies, and another one begins on the same state directory.</summary>
internal sealed record Die : Move;

/// <summary>The repository cannot be reached until the next commit, or the next move of this kind.</summary>
internal sealed record GitGoesOrComes : Move;

/// <summary>A person asks for the branch's newest commit once more.</summary>
internal sealed record Retry : Move;

/// <summary>A person lets everything out of quarantine.</summary>
internal sealed record ReleaseAll : Move;
