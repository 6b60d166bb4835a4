namespace HomeIQ.Reconciler.Git;

public enum GitFailure
{
    /// <summary>The server does not answer, is too slow, or fails: try again later.</summary>
    Unreachable,

    /// <summary>The credentials are missing or were refused.</summary>
    Unauthorized,

    /// <summary>There is no such repository, branch, tag or commit.</summary>
    NotFound,

    /// <summary>What was asked for or found cannot be used.</summary>
    Refused,
}

/// <summary>The source of the desired state could not be read; the message is for the operator and holds no credentials.</summary>
/// <remarks>An <see cref="IOException"/>, so that whoever reads a tree meets one kind of failure.</remarks>
public sealed class GitException(GitFailure kind, string message, Exception? inner = null) : IOException(message, inner)
{
    public GitFailure Kind { get; } = kind;
}
