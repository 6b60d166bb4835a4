using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The settings of an inspect as flat names and values, equal on every look at a container that nobody changed.</summary>
/// <remarks>
/// What says nothing (null, empty, zero, false) is left out, since engines disagree on which of these to write. What changes by itself is left out, too:
/// state, addresses, ids, paths of the engine, our own labels. Lists whose order means nothing are sorted.
/// </remarks>
internal static class InspectFields
{
    private static readonly HashSet<string> LeftOut = new(StringComparer.Ordinal)
    {
        "Config.Image", "Config.MacAddress", "Config.ArgsEscaped", "Config.OnBuild",
        "HostConfig.ConsoleSize", "HostConfig.ContainerIDFile", "HostConfig.Cgroup", "HostConfig.Isolation",
    };

    private static readonly HashSet<string> Unordered = new(StringComparer.Ordinal)
    {
        "HostConfig.CapAdd", "HostConfig.CapDrop", "HostConfig.SecurityOpt", "HostConfig.GroupAdd", "HostConfig.ExtraHosts", "HostConfig.Binds",
        "HostConfig.VolumesFrom", "HostConfig.Links", "HostConfig.MaskedPaths", "HostConfig.ReadonlyPaths", "HostConfig.DeviceCgroupRules",
    };

    /// <summary>Lists of objects, and what tells one of their items from another.</summary>
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["HostConfig.Mounts"] = "Target",
        ["HostConfig.Devices"] = "PathInContainer",
        ["HostConfig.Ulimits"] = "Name",
        ["Mounts"] = "Destination",
    };

    /// <summary>Zero is a setting here: it differs from leaving it to the engine.</summary>
    private static readonly HashSet<string> ZeroCounts = new(StringComparer.Ordinal) { "HostConfig.MemorySwappiness", "Config.StopTimeout" };

    private static readonly string[] EndpointSettings = ["IPAMConfig", "Links", "DriverOpts", "GwPriority"];

    public static ValueMap<string> Of(JsonElement inspect)
    {
        var fields = new List<KeyValuePair<string, string>>();
        var config = inspect.At("Config");
        var host = inspect.At("HostConfig");
        var id = inspect.At("Id").Text();
        Flatten("Config", config, fields);
        Flatten("HostConfig", host, fields);
        if (host.At("RestartPolicy").At("Name").Text().Length == 0)
        {
            fields.Add(new("HostConfig.RestartPolicy.Name", "no"));
        }

        Flatten("Mounts", inspect.At("Mounts"), fields);
        foreach (var network in InspectTranslation.Joined(inspect))
        {
            var name = $"NetworkSettings.Networks.{network.Name}";
            fields.Add(new(name, "attached"));
            foreach (var setting in EndpointSettings)
            {
                Flatten($"{name}.{setting}", network.Value.At(setting), fields);
            }

            var aliases = InspectTranslation.AliasesOf(network.Value, id);
            if (aliases.Count > 0)
            {
                fields.Add(new($"{name}.Aliases", string.Join(' ', aliases)));
            }
        }

        return new(fields.Where(field => !IsMovedByEngine(field, id, host)).Append(new("HostConfig.NetworkMode", NetworkModeOf(host))));
    }

    /// <summary>Engines before 26 say <c>default</c> where later ones say <c>bridge</c>.</summary>
    public static string NetworkModeOf(JsonElement? host) => host.At("NetworkMode").Text() is { Length: > 0 } mode && mode != "default" ? mode : "bridge";

    // A host name that nobody set is the short id, or that of the namespace's owner, copied at each start.
    private static bool IsMovedByEngine(KeyValuePair<string, string> field, string id, JsonElement? host) => field.Key switch
    {
        "Config.Hostname" or "Config.Domainname" =>
            (field.Value.Length == 12 && id.StartsWith(field.Value, StringComparison.Ordinal))
            || NetworkModeOf(host) is "host" || NetworkModeOf(host).StartsWith("container:", StringComparison.Ordinal),
        _ => field.Key.StartsWith($"Config.Labels.{Observed.Ownership.Prefix}", StringComparison.Ordinal),
    };

    private static void Flatten(string name, JsonElement? value, List<KeyValuePair<string, string>> fields)
    {
        if (value is not { } element || LeftOut.Contains(name))
        {
            return;
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    // An exposed port or a volume's path is a name without a value.
                    if (member.Value.ValueKind == JsonValueKind.Object && !member.Value.EnumerateObject().Any())
                    {
                        AddPresence(name, member.Name, fields);
                    }
                    else
                    {
                        Flatten($"{name}.{member.Name}", member.Value, fields);
                    }
                }

                break;
            case JsonValueKind.Array:
                FlattenList(name, element, fields);
                break;
            case JsonValueKind.String:
                Add(name, element.GetString() ?? "", fields);
                break;
            case JsonValueKind.Number when element.GetRawText() != "0" || ZeroCounts.Contains(name):
                Add(name, element.GetRawText(), fields);
                break;
            case JsonValueKind.True:
                Add(name, "true", fields);
                break;
            default:
                break;
        }
    }

    private static void FlattenList(string name, JsonElement list, List<KeyValuePair<string, string>> fields)
    {
        if (name == "Config.Env")
        {
            foreach (var pair in ((JsonElement?)list).Texts())
            {
                var equals = pair.IndexOf('=', StringComparison.Ordinal);
                fields.Add(equals < 0 ? new($"{name}.{pair}", "") : new($"{name}.{pair[..equals]}", pair[(equals + 1)..]));
            }
        }
        else if (Keys.TryGetValue(name, out var key))
        {
            foreach (var item in list.EnumerateArray())
            {
                Flatten($"{name}.{item.At(key).Text()}", item, fields);
            }
        }
        else if (name.StartsWith("HostConfig.PortBindings.", StringComparison.Ordinal))
        {
            var bindings = list.EnumerateArray().Select(binding => $"{binding.At("HostIp").Text()}:{HostPort(binding)}");
            Add(name, string.Join(' ', bindings.Order(StringComparer.Ordinal)), fields);
        }
        else if (list.GetArrayLength() > 0)
        {
            var items = list.EnumerateArray().Select(item => item.GetRawText());
            Add(name, $"[{string.Join(',', Unordered.Contains(name) ? items.Order(StringComparer.Ordinal) : items)}]", fields);
        }
    }

    private static void AddPresence(string name, string member, List<KeyValuePair<string, string>> fields)
    {
        if (name is "Config.ExposedPorts" or "Config.Volumes")
        {
            fields.Add(new($"{name}.{member}", "yes"));
        }
    }

    private static void Add(string name, string value, List<KeyValuePair<string, string>> fields)
    {
        // An empty text says as little as none, except as the value of a map that the user wrote.
        var isSetting = name.StartsWith("Config.Labels.", StringComparison.Ordinal) || name.StartsWith("HostConfig.Tmpfs.", StringComparison.Ordinal);
        if (value.Length > 0 || isSetting)
        {
            fields.Add(new(name, value));
        }
    }

    private static string HostPort(JsonElement binding) => binding.At("HostPort").Text() is { Length: > 0 } port && port != "0" ? port : "*";
}
