using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>Brings a source's branches and tags into a clone, with the credentials it needs, and says in our words what went wrong.</summary>
internal sealed class GitTransfer(GitAddress address, TimeSpan connectLimit, TimeSpan readLimit)
{
    private const string Remote = "origin";
    private const string Refusal = "the credentials were refused";
    private bool tokenIsPassword;

    /// <summary>How the library words the troubles of servers and lines; it gives no codes.</summary>
    private static readonly string[] Troubles =
        ["connect", "resolve address", "timed out", "socket", "http status", "EOF", "hung up", "network", "SSL error", "TLS", "pack file", "truncated"];

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
            RequireNoRedirect(cancellationToken);
            options.CustomHeaders = [$"Authorization: Bearer {token}"];
        }
        else if (address.Password is not null || tokenIsPassword)
        {
            // The library would ask for ever, and for whatever host it was redirected to.
            options.CredentialsProvider = (url, _, _) => asked++ == 0 && IsSameHost(url)
                ? new UsernamePasswordCredentials { Username = address.User ?? "x-access-token", Password = address.Password ?? address.Token! }
                : throw new InvalidOperationException(Refusal);
        }

        try
        {
            Commands.Fetch(repository, Remote, [], options, logMessage: null);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (LibGit2SharpException error)
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
    }

    /// <summary>The library sends a header wherever a redirect leads, so it must not meet one.</summary>
    private void RequireNoRedirect(CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = connectLimit }) { Timeout = readLimit };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{address.Url.TrimEnd('/')}/info/refs?service=git-upload-pack");
        try
        {
            using var response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if ((int)response.StatusCode is >= 300 and < 400)
            {
                var elsewhere = response.Headers.Location is { } location ? new Uri(request.RequestUri!, location).GetLeftPart(UriPartial.Path) : "somewhere else";
                throw new GitException(GitFailure.Refused, $"{address.Shown} redirects to {elsewhere.Replace("/info/refs", "", StringComparison.Ordinal)}: "
                    + "a token is sent only to the address that is set, so set the new one.");
            }
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new GitException(GitFailure.Unreachable, $"{address.Shown} could not be reached: {Scrub(error.Message)}", error);
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
        var words = Scrub(error.Message);

        bool Says(string text) => words.Contains(text, StringComparison.OrdinalIgnoreCase);

        if (Says(Refusal) || Says("authentication") || Says("status code: 401") || Says("status code: 403"))
        {
            return new GitException(GitFailure.Unauthorized, wasAsked || address.HasCredentials
                ? $"{address.Shown} refused the credentials for the repository."
                : $"{address.Shown} asks for credentials, and none are set.");
        }

        if (Says("certificate"))
        {
            return new GitException(GitFailure.Refused, $"The certificate of {address.Shown} is not trusted: {words}");
        }

        if (Says("status code: 404"))
        {
            return new GitException(GitFailure.NotFound, $"There is no Git repository at {address.Shown}.");
        }

        var kind = address.IsHttp && Troubles.Any(Says) ? GitFailure.Unreachable : GitFailure.Refused;
        return new GitException(kind, $"{address.Shown} could not be fetched: {words}", error);
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
