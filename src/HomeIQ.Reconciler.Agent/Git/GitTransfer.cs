using System.Net.Security;
using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>Brings a source's branches and tags into a clone, and a branch of ours to the source, with the credentials that it needs.</summary>
internal sealed class GitTransfer(GitAddress address, GitSettings settings)
{
    private const string Remote = "origin";
    private readonly GitErrors errors = new(address);
    private bool tokenIsPassword;

    /// <summary>Follows all branches and tags.</summary>
    public void Fetch(Repository repository, CancellationToken cancellationToken) => Fetch(repository, [], prune: true, cancellationToken);

    /// <summary>Brings one branch and nothing else, under a name of ours; there is no such name afterwards when the source has no such branch.</summary>
    public void FetchBranch(Repository repository, string branch, string into, CancellationToken cancellationToken)
    {
        repository.Refs.Remove(into);
        Fetch(repository, [$"+refs/heads/{branch}:{into}"], prune: false, cancellationToken);
    }

    /// <summary>Makes a commit a branch of the source; one that is there already is only moved forward.</summary>
    /// <param name="make">Makes the very same commit in another repository that has its parent.</param>
    public void Push(Repository repository, string commit, string branch, Func<Repository, Commit> make, CancellationToken cancellationToken)
    {
        if (address.IsLocal && MadeThere(make, branch))
        {
            return;
        }

        string? refused = null;
        Transfer(repository, "git-receive-pack", "could not be pushed to", access => repository.Network.Push(
            repository.Network.Remotes[Remote],
            $"{commit}:refs/heads/{branch}",
            new PushOptions
            {
                CredentialsProvider = access.Credentials,
                CustomHeaders = access.Headers,
                OnPushStatusError = error => refused = error.Message,
                OnPackBuilderProgress = (_, _, _) => !cancellationToken.IsCancellationRequested,
                OnPushTransferProgress = (_, _, _) => !cancellationToken.IsCancellationRequested,
            }), cancellationToken);
        if (refused is not null)
        {
            throw new GitException(GitFailure.Unauthorized, $"{address.Shown} does not take the branch {branch}: {errors.Scrub(refused)}") { Hint = "let the credentials push branches that begin with homeiq/" };
        }
    }

    private void Fetch(Repository repository, string[] refspecs, bool prune, CancellationToken cancellationToken) =>
        Transfer(repository, "git-upload-pack", "could not be fetched", access =>
        {
            var options = new FetchOptions
            {
                Prune = prune,
                TagFetchMode = TagFetchMode.None,
                OnTransferProgress = _ => !cancellationToken.IsCancellationRequested,
                OnProgress = _ => !cancellationToken.IsCancellationRequested,
                CredentialsProvider = access.Credentials,
            };
            if (access.Headers is not null)
            {
                options.CustomHeaders = access.Headers;
            }

            Commands.Fetch(repository, Remote, refspecs, options, logMessage: null);
        }, cancellationToken);

    private void Transfer(Repository repository, string service, string failed, Action<GitAccess> transfer, CancellationToken cancellationToken)
    {
        RequireLocalSource();
        Configure(repository);
        try
        {
            TransferOnce(service, failed, transfer, cancellationToken);
        }
        catch (GitException error) when (error.Kind == GitFailure.Unauthorized && address.Token is not null && !tokenIsPassword)
        {
            // Some forges take a token as a header, others only as the password of any user.
            tokenIsPassword = true;
            TransferOnce(service, failed, transfer, cancellationToken);
        }
    }

    private void TransferOnce(string service, string failed, Action<GitAccess> transfer, CancellationToken cancellationToken)
    {
        var access = new GitAccess(address, tokenIsPassword);
        if (access.Headers is not null)
        {
            RequireNoRedirect(service, cancellationToken);
        }

        using var ssh = address.Ssh is { } host ? new SshConnection(host, settings, cancellationToken) : null;
        try
        {
            if (ssh is null)
            {
                transfer(access);
            }
            else
            {
                SshTransport.Over(ssh, () => transfer(access));
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (LibGit2SharpException error)
        {
            throw ssh?.Failure ?? errors.Explain(error, access.WasAsked, failed);
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
    private void RequireNoRedirect(string service, CancellationToken cancellationToken)
    {
        var trouble = SslPolicyErrors.None;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = settings.ConnectLimit,
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, found) => (trouble = found) is SslPolicyErrors.None },
        })
        { Timeout = settings.ReadLimit };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{address.Url.TrimEnd('/')}/info/refs?service={service}");
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
        catch (HttpRequestException) when (trouble is not SslPolicyErrors.None)
        {
            throw errors.Untrusted(trouble.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "it names another host" : "no authority that is known here signed it, or its time is over");
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new GitException(GitFailure.Unreachable, $"{address.Shown} could not be reached: {errors.Scrub(error.Message)}", error);
        }
    }

    /// <summary>The library cannot push to a repository on this disk that has a work tree: the commit is made there once more. It opens no repository of another user.</summary>
    private bool MadeThere(Func<Repository, Commit> make, string branch)
    {
        try
        {
            using var source = new Repository(LocalPath);
            if (source.Info.IsBare)
            {
                return false;
            }

            source.Refs.Add($"refs/heads/{branch}", make(source).Id);
            return true;
        }
        catch (LibGit2SharpException error)
        {
            throw errors.Explain(error, wasAsked: false, "could not be given a branch");
        }
    }

    private string LocalPath => address.Url.StartsWith("file://", StringComparison.OrdinalIgnoreCase) ? new Uri(address.Url).LocalPath : address.Url;

    private void RequireLocalSource()
    {
        var path = LocalPath;
        if (address.IsLocal && !Repository.IsValid(path))
        {
            throw new GitException(GitFailure.NotFound, $"There is no Git repository at {address.Shown}.");
        }
    }
}
