using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>Digest of all that goes into an image that is built here: the context as <c>.dockerignore</c> leaves it, the Dockerfile, arguments, labels, platform.</summary>
public static class BuildDigest
{
    /// <param name="context">Digest of the context; null when there is none.</param>
    /// <param name="dockerfile">Id of the Dockerfile in its tree; null when it is not there.</param>
    public static string Of(BuildSpec build, string? platform, string? context, string? dockerfile)
    {
        var text = new StringBuilder();
        Add("context", context);
        Add("dockerfile", build.DockerfileInline is null ? $"{build.Dockerfile} {dockerfile}" : null);
        Add("inline", build.DockerfileInline);
        Add("target", build.Target);
        foreach (var (key, value) in build.Arguments)
        {
            Add($"arg {key}", value);
        }

        foreach (var (key, value) in build.Labels)
        {
            Add($"label {key}", value);
        }

        foreach (var host in build.ExtraHosts)
        {
            Add("host", host);
        }

        Add("network", build.Network);
        Add("platform", platform);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));

        void Add(string field, string? value)
        {
            if (value is not null)
            {
                text.Append(field).Append('\0').Append(value).Append('\0');
            }
        }
    }

    /// <summary>What a tree has for a build; another digest than the build's own when its source is not (or no longer) in it.</summary>
    /// <exception cref="IOException">The context cannot be built from.</exception>
    public static string In(ISourceTree tree, BuildSpec build, string? platform) =>
        Of(build, platform, new ContextDigests(tree).Of(build), build.DockerfileInline is null ? tree.Find(build.Dockerfile)?.Id : null);
}
