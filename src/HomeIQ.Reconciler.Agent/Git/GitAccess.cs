using LibGit2Sharp;
using LibGit2Sharp.Handlers;

namespace HomeIQ.Reconciler.Git;

/// <summary>What one transfer shows to an HTTP server to be let in: a header, or a user and password when it is asked for them.</summary>
internal sealed class GitAccess(GitAddress address, bool tokenIsPassword)
{
    private int asked;

    public bool WasAsked => asked > 0;

    public string[]? Headers => address.Token is { } token && !tokenIsPassword ? [$"Authorization: Bearer {token}"] : null;

    // The library would ask for ever, and for whatever host it was redirected to.
    public CredentialsHandler? Credentials => Headers is not null || (address.Password is null && !tokenIsPassword) ? null : (url, _, _) => asked++ == 0 && IsSameHost(url)
        ? new UsernamePasswordCredentials { Username = address.User ?? "x-access-token", Password = address.Password ?? address.Token! }
        : throw new InvalidOperationException(GitErrors.Refusal);

    private bool IsSameHost(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var asking) && Uri.TryCreate(address.Url, UriKind.Absolute, out var ours)
        && asking.Scheme == ours.Scheme && asking.Host == ours.Host && asking.Port == ours.Port;
}
