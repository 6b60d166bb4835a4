using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Compose;

/// <summary>What to load, and the host's inputs to it.</summary>
public sealed record LoadRequest
{
    public required ISourceTree Tree { get; init; }

    /// <summary>Folder of the desired state inside the tree; empty = the root.</summary>
    public string Path { get; init; } = "desired-state";

    /// <summary>Required unless the policy file or the Compose file names one.</summary>
    public string? ProjectName { get; init; }

    /// <summary>Compose files instead of those that the policy file names (<c>validate --compose</c>): form and clashes only, no policy file. From the tree's root.</summary>
    public ValueList<string> ComposeFiles { get; init; } = [];

    /// <summary>Where writable relative binds resolve on the host; null = refused.</summary>
    public string? ProjectDirectory { get; init; }

    /// <summary>Root of the content store on the host: exported files are mounted from <c>ROOT/DIGEST</c>.</summary>
    public string ContentRoot { get; init; } = "/var/lib/homeiq/content";

    /// <summary>Env files of the host: the only source of interpolation; later ones win. Absolute paths, shown in messages as given.</summary>
    public ValueList<string> EnvFiles { get; init; } = [];

    public ValueList<string> Profiles { get; init; } = [];

    /// <summary>Leaves <c>${VAR}</c> as it stands (<c>plan --base --head</c>, which knows no host).</summary>
    public bool LeaveUnresolved { get; init; }
}

/// <summary>The desired state, or every problem that kept it from being one.</summary>
/// <param name="State">Null exactly when there is an error among the problems.</param>
public sealed record LoadResult(DesiredState? State, ValueList<Problem> Problems);
