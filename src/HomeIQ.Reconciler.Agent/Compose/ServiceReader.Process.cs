using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// The process in the container: what runs, as whom, with which rights.
internal sealed partial class ServiceReader
{
    private static readonly TimeSpan DefaultGracePeriod = TimeSpan.FromSeconds(10);

    private ContainerSpec Process(ContainerSpec spec) => spec with
    {
        Platform = Platform(),
        Command = Command("command"),
        Entrypoint = Command("entrypoint"),
        Labels = Labels(),
        User = keys.Word("user"),
        WorkingDirectory = keys.Word("working_dir"),
        Tty = keys.Flag("tty") ?? false,
        StdinOpen = keys.Flag("stdin_open") ?? false,
        Init = keys.Flag("init"),
        ReadOnly = keys.Flag("read_only") ?? false,
        Privileged = keys.Flag("privileged") ?? false,
        StopSignal = keys.Word("stop_signal"),
        StopGracePeriod = keys.Duration("stop_grace_period") is { } period && period != DefaultGracePeriod ? period : null,
        IpcMode = Namespace("ipc", "host", "none", "private", "shareable"),
        PidMode = Namespace("pid", "host"),
        UtsMode = keys.OneOf("uts", "host"),
        UserNamespaceMode = keys.OneOf("userns_mode", "host"),
        CgroupMode = keys.OneOf("cgroup", "host", "private"),
        CgroupParent = keys.Word("cgroup_parent"),
        CapAdd = Capabilities("cap_add"),
        CapDrop = Capabilities("cap_drop"),
        SecurityOptions = SecurityOptions(),
        GroupAdd = Set("group_add"),
        Runtime = keys.Word("runtime"),
    };

    private ValueList<string> Set(string key, bool single = false) =>
        [.. keys.Scalars(key, single).Select(scalar => scalar.Text).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private string? Platform()
    {
        if (keys.Scalar("platform") is not { } scalar || keys.Settled(scalar) is not { } text)
        {
            return null;
        }

        if (!PlatformForm().IsMatch(text))
        {
            Problems.Error(scalar.Position, $"{keys.Where}.platform", $"`{text}` is no platform", "write os/architecture, such as linux/amd64");
        }

        return text;
    }

    /// <summary>Null = the image's own; an empty list = none at all.</summary>
    private ValueList<string>? Command(string key)
    {
        switch (keys.Find(key))
        {
            case null:
                return null;
            case YamlScalar scalar:
                Hide(key, scalar);
                var (words, reason) = ShellWords.Split(scalar.Text);
                if (words is null)
                {
                    Problems.Error(scalar.Position, $"{keys.Where}.{key}", reason!, "quote it, or write a list: [sh, -c, \"…\"]");
                }

                return words ?? [];
            case YamlSequence:
                var scalars = keys.Scalars(key);
                foreach (var scalar in scalars)
                {
                    Hide(key, scalar);
                }

                return [.. scalars.Select(scalar => scalar.Text)];
            case { } other:
                keys.Wrong(other, key, "a text or a list");
                return null;
        }
    }

    private ValueMap<string> Labels()
    {
        foreach (var (key, value) in keys.Pairs("labels"))
        {
            if (value is not null)
            {
                Hide($"label.{key.Text}", value, key.Text);
            }

            if (key.Text.StartsWith(Observed.Ownership.Prefix, StringComparison.Ordinal))
            {
                Problems.Error(key.Position, $"{keys.Where}.labels", $"`{key.Text}` is not yours to set: labels that begin with {Observed.Ownership.Prefix} are the reconciler's own");
            }
        }

        return keys.TextMap("labels");
    }

    /// <summary>A namespace that is shared with the host or with another container.</summary>
    private string? Namespace(string key, params ReadOnlySpan<string> words)
    {
        if (keys.Scalar(key) is not { Text.Length: > 0 } scalar || keys.Settled(scalar) is not { } text)
        {
            return null;
        }

        if (Provider(text) is { } provider)
        {
            // The namespace makes it a dependency, and what a dependency must be is checked there.
            draft.Positions.TryAdd($"depends_on.{provider}", scalar.Position);
        }
        else if (!words.Contains(text) && After("container:", text) is null)
        {
            var all = string.Join(", ", [.. words, "service:NAME", "container:NAME"]);
            Problems.Error(scalar.Position, $"{keys.Where}.{key}", $"`{text}` is none of {all}", Suggestions.For(text, words.ToArray()));
            return null;
        }

        return text;
    }

    /// <summary>The service whose namespace a mode names, or null.</summary>
    private static string? Provider(string? mode) => After("service:", mode);

    private static string? After(string prefix, string? text) =>
        text is not null && text.Length > prefix.Length && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : null;

    private ValueList<string> Capabilities(string key) =>
    [
        .. keys.Scalars(key).Select(scalar => scalar.Text.ToUpperInvariant()).Select(text => text.StartsWith("CAP_", StringComparison.Ordinal) ? text[4..] : text)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    private ValueList<string> SecurityOptions()
    {
        var options = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var scalar in keys.Scalars("security_opt"))
        {
            // `label:type:x`, `no-new-privileges:true` and their forms with '=' are the same to the engine.
            var cut = scalar.Text.AsSpan().IndexOfAny(':', '=');
            var (option, value) = cut < 0 ? (scalar.Text, "") : (scalar.Text[..cut], scalar.Text[(cut + 1)..]);
            if (option == "seccomp" && value is not ("unconfined" or "builtin"))
            {
                Problems.Error(scalar.Position, $"{keys.Where}.security_opt", "a seccomp profile from a file is not supported", "use seccomp=unconfined, or the engine's own profile");
            }
            else if (option is not ("no-new-privileges" or "seccomp" or "apparmor" or "label" or "systempaths" or "writable-cgroups"))
            {
                Problems.Error(scalar.Position, $"{keys.Where}.security_opt", $"`{option}` is no security option",
                    Suggestions.For(option, ["no-new-privileges", "seccomp", "apparmor", "label", "systempaths", "writable-cgroups"]));
            }
            else if (option != "no-new-privileges")
            {
                options.Add(value.Length == 0 ? option : $"{option}={value}");
            }
            else if (Units.Flag(value.Length == 0 ? "true" : value) is not { } on)
            {
                Problems.Error(scalar.Position, $"{keys.Where}.security_opt", $"`{value}` is not true or false");
            }
            else if (on)
            {
                options.Add("no-new-privileges=true");
            }
        }

        return [.. options];
    }

    [GeneratedRegex("^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex PlatformForm();
}
