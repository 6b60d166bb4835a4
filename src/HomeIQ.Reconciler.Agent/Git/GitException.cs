namespace HomeIQ.Reconciler.Git;

public enum GitFailure
{
    /// <summary>The server does not answer, is too slow, or fails: try again later.</summary>
    Unreachable,

    /// <summary>The credentials are missing or were refused.</summary>
    Unauthorized,

    /// <summary>Who answers did not prove to be the server that was meant.</summary>
    Untrusted,

    /// <summary>There is no such repository, branch, tag or commit.</summary>
    NotFound,

    /// <summary>What was asked for or found cannot be used.</summary>
    Refused,
}

/// <summary>The source of the desired state could not be read or written; the message is for the operator and holds no credentials.</summary>
/// <remarks>An <see cref="IOException"/>, so that whoever reads a tree meets one kind of failure.</remarks>
public sealed class GitException(GitFailure kind, string message, Exception? inner = null) : IOException(message, inner)
{
    public GitFailure Kind { get; } = kind;

    /// <summary>What the operator can do about it, where that is known.</summary>
    public string? Hint { get; init; }
}
