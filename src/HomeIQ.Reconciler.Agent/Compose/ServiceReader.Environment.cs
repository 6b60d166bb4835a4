using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// Environment variables: env files first, then `environment`.
internal sealed partial class ServiceReader
{
    private ContainerSpec Environment(ContainerSpec spec)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (entry, file) in EnvFiles(OwnVariables()))
        {
            Secret(entry.Name, entry.Text, entry.IsFromHost);
            variables[entry.Name] = entry.Text ?? "";
            origins[entry.Name] = file;
        }

        foreach (var (key, value) in keys.Pairs("environment"))
        {
            if (value is null)
            {
                FromVariables(key);
                continue;
            }

            Secret(key.Text, value.Text, value.IsFromHost);
            if (value.Text.Length == 0 && variables.GetValueOrDefault(key.Text) is { Length: > 0 })
            {
                Problems.Warning(value.Position, $"{keys.Where}.environment", $"`{key.Text}` is emptied here, although {origins[key.Text]} gives it a value", "environment wins over env_file: remove the line");
            }

            variables[key.Text] = value.Text;
        }

        return spec with { Environment = new(variables) };

        // As in Compose: a name alone takes the value that interpolation would; one that nothing gives a value is left out.
        void FromVariables(YamlScalar key)
        {
            if (context.Variables.Find(key.Text) is { } variable)
            {
                Secret(key.Text, variable.Text, variable.IsFromHost);
                variables[key.Text] = variable.Text;
            }
            else if (context.Request.LeaveUnresolved)
            {
                variables[key.Text] = $"${{{key.Text}}}";
                secretFields.Add($"env.{key.Text}");
            }
            else
            {
                variables.Remove(key.Text);
                Problems.Warning(key.Position, $"{keys.Where}.environment", $"`{key.Text}` has no value here, and no env file of the host gives it one: it is left out",
                    "write a value, or set it in a file named by --env-file");
            }
        }
    }

    private void Secret(string variable, string? text, bool isFromHost)
    {
        if (isFromHost)
        {
            context.Secrets.Add(variable, text ?? "");
        }

        if (isFromHost || SecretNames.LooksSecret(variable))
        {
            secretFields.Add($"env.{variable}");
        }
        else
        {
            // What an env file of the host said may be overridden by what Git says.
            secretFields.Remove($"env.{variable}");
        }
    }

    /// <summary>What env files may refer to: the host's variables, and where they are silent, what stands under <c>environment</c>.</summary>
    private Variables OwnVariables() => context.Variables.WithDefaults(
        keys.Pairs("environment").Where(pair => pair.Value is not null).Select(pair => new Variable(pair.Key.Text, pair.Value!.Text, pair.Value.IsFromHost, pair.Value.Position)), []);

    private List<(EnvEntry Entry, string File)> EnvFiles(Variables variables)
    {
        var known = new Dictionary<string, Variable>(StringComparer.Ordinal);
        var entries = new List<(EnvEntry, string)>();
        foreach (var item in EnvFileItems())
        {
            if (Input(item.Path.Text) is not { } input)
            {
                if (item.Required)
                {
                    var severity = context.Outside;
                    Problems.Add(item.Path.Position, $"{keys.Where}.env_file", $"`{Shown(item.Path.Text)}` is not there: {Looked(item.Path.Text)}",
                        "create it, or write required: false", severity);
                }

                continue;
            }

            foreach (var entry in Parse(input, item.Raw, variables, known).Where(entry => entry.Text is not null))
            {
                known[entry.Name] = new(entry.Name, entry.Text!, entry.IsFromHost, entry.Position);
                entries.Add((entry, input.Name));
            }
        }

        return entries;
    }

    /// <param name="known">What the service's earlier env files set.</param>
    private IEnumerable<EnvEntry> Parse(HostInput input, bool raw, Variables variables, Dictionary<string, Variable> known)
    {
        var found = new List<Problem>();
        var entries = raw ? ParseRaw(input) : EnvFile.Parse(input.Bytes, input.Name, variables, input.IsFromHost, known, found);
        Problems.AddRange(found);

        return entries;
    }

    // `format: raw`, as `docker run --env-file` reads it: every character after '=' is the value.
    private static List<EnvEntry> ParseRaw(HostInput input)
    {
        var entries = new List<EnvEntry>();
        var number = 0;
        foreach (var line in Encoding.UTF8.GetString(input.Bytes).Split('\n').Select(line => line.TrimEnd('\r')))
        {
            number++;
            var text = line.TrimStart();
            if (text.Length > 0 && text[0] != '#')
            {
                var cut = text.IndexOf('=', StringComparison.Ordinal);
                var position = new SourcePosition(input.Name, number, 1 + line.Length - text.Length);
                entries.Add(cut < 0 ? new(text, null, input.IsFromHost, position) : new(text[..cut], text[(cut + 1)..], input.IsFromHost, position));
            }
        }

        return entries;
    }

    private IEnumerable<(YamlScalar Path, bool Required, bool Raw)> EnvFileItems()
    {
        foreach (var item in keys.Find("env_file") is YamlScalar single ? [single] : keys.Items("env_file"))
        {
            switch (item)
            {
                case YamlScalar path:
                    yield return (path, true, false);
                    break;
                case YamlMapping map:
                    var reader = keys.Below(map, "env_file");
                    var required = reader.Flag("required") ?? true;
                    var raw = reader.OneOf("format", "raw") is not null;
                    if (reader.Scalar("path") is { } named)
                    {
                        yield return (named, required, raw);
                    }
                    else
                    {
                        reader.Error("path", "is missing");
                    }

                    reader.Done();
                    break;
                default:
                    keys.Wrong(item, "env_file", "a list of paths");
                    break;
            }
        }
    }

    private sealed record HostInput(byte[] Bytes, string Name, bool IsFromHost);

    /// <summary>A file that the host may have, and Git may have instead: the host's counts.</summary>
    private HostInput? Input(string path)
    {
        if (!context.Request.LeaveUnresolved && context.OnHost(path) is { } onHost && File.Exists(onHost))
        {
            return new(File.ReadAllBytes(onHost), onHost, true);
        }

        return path is ['.', ..] && context.ReadFromTree(LoadContext.InTree(path)) is { } bytes ? new(bytes, context.Request.Tree.Shown(LoadContext.InTree(path)), false) : null;
    }

    private string Looked(string path) => (path is ['.', ..], context.OnHost(path)) switch
    {
        _ when context.Request.LeaveUnresolved => "no host is asked, and it is not in the commit",
        (true, { } onHost) => $"looked for {onHost} on the host, then in the commit",
        (true, null) => "it is not in the commit, and no project directory of the host is set",
        _ => $"looked for {context.OnHost(path)} on the host",
    };

    private string Shown(string path) => path is ['.', '/', .. var rest] ? context.Request.Tree.Shown(rest) : path;
}
