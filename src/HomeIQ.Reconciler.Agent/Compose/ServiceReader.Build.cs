using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// How the image is made, when it is made here.
internal sealed partial class ServiceReader
{
    private BuildSpec? Build()
    {
        var node = keys.Find("build");
        if (node is YamlScalar scalar)
        {
            node = new YamlMapping([new(new("context", true, scalar.Position), scalar)], scalar.Position);
        }

        if (node is not YamlMapping map)
        {
            if (node is not null)
            {
                keys.Wrong(node, "build", "a path or a mapping");
            }

            return null;
        }

        var reader = keys.Below(map, "build");
        var folder = BuildContext(reader);
        var inline = reader.Scalar("dockerfile_inline");
        var dockerfile = Dockerfile(reader, folder, inline);
        var build = new BuildSpec
        {
            Context = folder ?? "",
            Dockerfile = dockerfile ?? "",
            DockerfileInline = inline?.Text,
            Target = reader.Word("target"),
            Arguments = Arguments(reader),
            Labels = reader.TextMap("labels"),
            Network = reader.Word("network"),
            ExtraHosts = HostList(reader, "extra_hosts"),
            ShmSize = reader.Bytes("shm_size") ?? 0,
            NoCache = reader.Flag("no_cache") ?? false,
            Pull = reader.Flag("pull") ?? false,
            Digest = "",
        };
        RefuseInBuild(reader);
        reader.Done();

        return build with { Digest = Digest(build, folder is not null) };
    }

    private void RefuseInBuild(KeyReader reader)
    {
        reader.Refuse("additional_contexts", "an image is made from one folder of the commit");
        reader.Refuse("cache_to", "what is built is kept by the engine");
        reader.Refuse("entitlements", "a build has no more rights than others");
        reader.Refuse("isolation", "it is Windows'");
        reader.Refuse("privileged", "a build has no more rights than others");
        reader.Refuse("provenance", "it belongs to images that are pushed");
        reader.Refuse("sbom", "it belongs to images that are pushed");
        reader.Refuse("secrets", "an image must not depend on what is not in Git");
        reader.Refuse("ssh", "an image must not depend on what is not in Git");
        reader.Refuse("tags", "an image has one name here", "use image");
        reader.Refuse("ulimits", "limits of a build are not mapped");
        reader.Ignore("cache_from", "the engine's own cache is used");
        var platforms = reader.Texts("platforms");
        if (platforms.Count > 1 || (platforms.Count == 1 && platforms[0] != keys.Text("platform")))
        {
            reader.Refuse("platforms", "an image is made for this engine", "use platform at the service");
        }
    }

    private string? BuildContext(KeyReader reader)
    {
        if (reader.Scalar("context") is not { } scalar)
        {
            Problems.Error(reader.Position, reader.Where, "has no context", "write context: . for the folder of this file");
            return null;
        }

        if (scalar.Text is not ['.', ..])
        {
            Problems.Error(scalar.Position, $"{reader.Where}.context", $"`{scalar.Text}` is not supported: a context is a folder of the commit", "write a relative path");
            return null;
        }

        var path = LoadContext.InTree(scalar.Text);
        if (context.Request.Tree.Find(path) is { } found && found.Kind != SourceKind.Folder)
        {
            Problems.Error(scalar.Position, $"{reader.Where}.context", $"`{context.Request.Tree.Shown(path)}` is not a folder");
            return null;
        }

        if (path.Length > 0 && context.Request.Tree.Find(path) is null)
        {
            Problems.Add(scalar.Position, $"{reader.Where}.context", $"the folder `{context.Request.Tree.Shown(path)}` is not in the commit", null, context.InCommit);
            return null;
        }

        return path;
    }

    private string? Dockerfile(KeyReader reader, string? folder, YamlScalar? inline)
    {
        var scalar = reader.Scalar("dockerfile");
        if (inline is not null)
        {
            if (scalar is not null)
            {
                reader.Error("dockerfile", "stands beside dockerfile_inline", "keep one of the two");
            }

            return "";
        }

        if (folder is null)
        {
            return null;
        }

        var written = scalar?.Text ?? "Dockerfile";
        if (written.StartsWith('/') || TreePath.Resolve(folder, written) is not { } path)
        {
            reader.Error("dockerfile", $"`{written}` leaves the commit");
            return null;
        }

        if (context.Request.Tree.Find(path) is not { Kind: SourceKind.File })
        {
            Problems.Add(scalar?.Position ?? reader.Position, $"{reader.Where}.dockerfile", $"there is no file `{context.Request.Tree.Shown(path)}` in the commit", null, context.InCommit);
        }

        return path;
    }

    private ValueMap<string> Arguments(KeyReader reader)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in reader.Pairs("args"))
        {
            var variable = value is null ? context.Variables.Find(key.Text) : null;
            if (value is not null)
            {
                Hide($"build.args.{key.Text}", value, key.Text);
                arguments[key.Text] = value.Text;
            }
            else if (variable is not null)
            {
                Hide($"build.args.{key.Text}", key with { Text = variable.Text, IsFromHost = variable.IsFromHost }, key.Text);
                arguments[key.Text] = variable.Text;
            }
            else
            {
                Problems.Add(key.Position, $"{reader.Where}.args", $"`{key.Text}` has no value, and no env file of the host gives it one",
                    "write a value, or set it in a file named by --env-file", context.Outside);
            }

            if (SecretNames.LooksSecret(key.Text))
            {
                secretFields.Add($"build.args.{key.Text}");
            }
        }

        return new(arguments);
    }

    /// <summary>Over the files that are left after <c>.dockerignore</c>; the path alone where only the form counts or a problem is told already.</summary>
    private string ContextDigest(BuildSpec build)
    {
        if (context.FormOnly || (build.DockerfileInline is null && context.Request.Tree.Find(build.Dockerfile) is not { Kind: SourceKind.File }))
        {
            return build.Context;
        }

        try
        {
            return context.BuildContexts.Of(build);
        }
        catch (IOException cannot)
        {
            context.Problems.Add(keys.Position, $"{keys.Where}.build.context", cannot.Message.TrimEnd('.'), null, context.InCommit);
            return build.Context;
        }
    }

    // What the image is made from. A field that is not there adds nothing, so that new fields change no digest.
    // A folder on disk is read whole for its id, which the form alone is not worth.
    private string Digest(BuildSpec build, bool hasContext) => BuildDigest.Of(
        build, keys.Text("platform"), hasContext ? ContextDigest(build) : null, build.DockerfileInline is null && !context.FormOnly ? context.IdOf(build.Dockerfile) : null);
}
