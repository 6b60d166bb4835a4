namespace HomeIQ.Reconciler.Git;

/// <summary>From the Git library's words to ours, without credentials.</summary>
internal sealed class GitErrors(GitAddress address)
{
    public const string Refusal = "the credentials were refused";

    /// <summary>How the library words the troubles of servers and lines; it gives no codes.</summary>
    private static readonly string[] Troubles =
        ["connect", "resolve address", "timed out", "socket", "http status", "EOF", "hung up", "network", "SSL error", "TLS", "pack file", "truncated"];

    /// <param name="failed">What the source could not be: fetched, or pushed to.</param>
    public GitException Explain(Exception error, bool wasAsked, string failed)
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
            return Untrusted(words);
        }

        if (Says("status code: 404"))
        {
            return new GitException(GitFailure.NotFound, $"There is no Git repository at {address.Shown}.");
        }

        var kind = address.IsHttp && Troubles.Any(Says) ? GitFailure.Unreachable : GitFailure.Refused;
        return new GitException(kind, $"{address.Shown} {failed}: {words}", error);
    }

    public GitException Untrusted(string words) => new(GitFailure.Untrusted, $"The certificate of {address.Shown} is not trusted: {words}")
    {
        Hint = "if an authority of your own signed it, name the file of its certificate in SSL_CERT_FILE, or add it to those of this machine",
    };

    public string Scrub(string message)
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
