using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>Brings a source's branches and tags into a clone, with the credentials it needs, and says in our words what went wrong.</summary>
internal sealed class GitTransfer(GitAddress address)
{
    private const string Remote = "origin";
    private bool tokenIsPassword;

    private enum ErrorCode
    {
        NotFound = -3,
        Authentication = -16,
        Certificate = -17,
    }

    private enum ErrorArea
    {
        OperatingSystem = 2,
        Network = 12,
        Tls = 16,
        Http = 34,
    }

    public void Fetch(Repository repository, CancellationToken cancellationToken)
    {
        RequireLocalSource();
        Configure(repository);
        try
        {
            FetchOnce(repository, cancellationToken);
        }
        catch (GitException error) when (error.Kind == GitFailure.Unauthorized && address.Token is not null && !tokenIsPassword)
        {
            // Some forges take a token as a header, others only as the password of any user.
            tokenIsPassword = true;
            FetchOnce(repository, cancellationToken);
        }
    }

    private void FetchOnce(Repository repository, CancellationToken cancellationToken)
    {
        var asked = 0;
        var options = new FetchOptions
        {
            Prune = true,
            TagFetchMode = TagFetchMode.None,
            OnTransferProgress = _ => !cancellationToken.IsCancellationRequested,
            OnProgress = _ => !cancellationToken.IsCancellationRequested,
        };
        if (address.Token is { } token && !tokenIsPassword)
        {
            options.CustomHeaders = [$"Authorization: Bearer {token}"];
        }
        else if (address.Password is not null || tokenIsPassword)
        {
            // The library would ask for ever, and for whatever host it was redirected to.
            options.CredentialsProvider = (url, _, _) => asked++ == 0 && IsSameHost(url)
                ? new UsernamePasswordCredentials { Username = address.User ?? "x-access-token", Password = address.Password ?? address.Token! }
                : throw new InvalidOperationException("credentials refused");
        }

        try
        {
            Commands.Fetch(repository, Remote, [], options, logMessage: null);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception error) when (error is LibGit2SharpException or InvalidOperationException)
        {
            throw Classify(error, asked > 0);
        }
    }

    /// <summary>Writes the clone's settings where they differ.</summary>
    private void Configure(Repository repository)
    {
        List<string> wanted = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/source/HEAD"];
        if (address.IsLocal)
        {
            // A build server's work tree knows the base branch only as a remote one.
            wanted.Add("+refs/remotes/*:refs/source/remotes/*");
        }

        var remote = repository.Network.Remotes[Remote];
        if (remote is null)
        {
            remote = repository.Network.Remotes.Add(Remote, address.Url);
        }

        if (remote.Url != address.Url || !remote.FetchRefSpecs.Select(spec => spec.Specification).SequenceEqual(wanted, StringComparer.Ordinal))
        {
            repository.Network.Remotes.Update(Remote, updater =>
            {
                updater.Url = address.Url;
                updater.FetchRefSpecs = wanted;
            });
        }

        // A header goes wherever a redirect leads; credentials that are asked for are checked by host.
        var redirects = address.Token is null ? "initial" : "false";
        if (repository.Config.Get<string>("http.followredirects")?.Value != redirects)
        {
            repository.Config.Set("http.followredirects", redirects);
        }
    }

    private void RequireLocalSource()
    {
        var path = address.Url.StartsWith("file://", StringComparison.OrdinalIgnoreCase) ? new Uri(address.Url).LocalPath : address.Url;
        if (address.IsLocal && !Repository.IsValid(path))
        {
            throw new GitException(GitFailure.NotFound, $"There is no Git repository at {address.Shown}.");
        }
    }

    private bool IsSameHost(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var asked) && Uri.TryCreate(address.Url, UriKind.Absolute, out var ours)
        && asked.Scheme == ours.Scheme && asked.Host == ours.Host && asked.Port == ours.Port;

    private GitException Classify(Exception error, bool wasAsked)
    {
        var code = (ErrorCode)(error.Data["libgit2.code"] is int number ? number : 0);
        var area = (ErrorArea)(error.Data["libgit2.category"] is int category ? category : 0);
        var words = Scrub(error.Message);

        bool Says(string text) => words.Contains(text, StringComparison.OrdinalIgnoreCase);

        if (error is InvalidOperationException || code == ErrorCode.Authentication || Says("authentication") || Says("status code: 401") || Says("status code: 403"))
        {
            return new GitException(GitFailure.Unauthorized, wasAsked || address.HasCredentials
                ? $"{address.Shown} refused the credentials for the repository."
                : $"{address.Shown} asks for credentials, and none are set.");
        }

        if (code == ErrorCode.Certificate || (area == ErrorArea.Tls && Says("certificate")))
        {
            return new GitException(GitFailure.Refused, $"The certificate of {address.Shown} is not trusted: {words}");
        }

        if (Says("404") || (address.IsLocal && code == ErrorCode.NotFound))
        {
            return new GitException(GitFailure.NotFound, $"There is no Git repository at {address.Shown}.");
        }

        return area is ErrorArea.Network or ErrorArea.Http or ErrorArea.OperatingSystem or ErrorArea.Tls && !Says("redirect")
            ? new GitException(GitFailure.Unreachable, $"{address.Shown} could not be fetched: {words}", error)
            : new GitException(GitFailure.Refused, $"{address.Shown} could not be fetched: {words}", error);
    }

    private string Scrub(string message)
    {
        foreach (var secret in (string?[])[address.Password, address.Token])
        {
            if (!string.IsNullOrEmpty(secret))
            {
                message = message.Replace(secret, "***", StringComparison.Ordinal).Replace(Uri.EscapeDataString(secret), "***", StringComparison.Ordinal);
            }
        }

        return message;
    }
}
