using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Reads one service of the merged tree: what its container is created with, what it needs first, how its image is made.</summary>
/// <remarks>Each part of this class is a subject (process, networking, storage, …) and asks for its own keys; what nobody asked for is unknown.</remarks>
internal sealed partial class ServiceReader(LoadContext context, YamlScalar name, YamlMapping mapping)
{
    private readonly KeyReader keys = context.Reader(mapping, $"services.{name.Text}");
    private readonly HashSet<string> secretFields = new(StringComparer.Ordinal);
    private readonly ServiceDraft draft = new();

    private Findings Problems => context.Problems;

    public ServiceDraft Read()
    {
        if (!NameForm().IsMatch(name.Text))
        {
            Problems.Error(name.Position, null, $"`{name.Text}` is no name for a service", "letters, digits, `.`, `_` and `-`, beginning with a letter or digit");
        }

        keys.Find("profiles");
        var build = Build();
        var spec = new ContainerSpec { Image = Image(build is not null || keys.Has("build")) };
        spec = Process(spec);
        spec = Environment(spec);
        spec = Supervision(spec);
        spec = Resources(spec);
        spec = Networking(spec);
        spec = Storage(spec);
        var service = new DesiredService
        {
            Name = name.Text,
            ContainerName = ContainerName(),
            Spec = spec with { SecretFields = [.. secretFields.Order(StringComparer.Ordinal)] },
            Build = build,
            Pull = Pull(build is not null),
            DependsOn = DependsOn(spec),
            Scale = Scale(),
            Position = name.Position,
        };
        RefuseTheRest();
        keys.Done();

        return draft with { Service = service };
    }

    private string ContainerName()
    {
        if (keys.Scalar("container_name") is not { } scalar || keys.Settled(scalar) is not { } text)
        {
            draft.Positions["container_name"] = name.Position;
            return $"{context.Project}-{name.Text}-1";
        }

        draft.Positions["container_name"] = scalar.Position;
        if (!ContainerNameForm().IsMatch(text))
        {
            Problems.Error(scalar.Position, keys.Where, $"`{text}` is no name for a container", "at least two letters, digits, `.`, `_` or `-`, beginning with a letter or digit");
        }

        return text;
    }

    private int Scale()
    {
        var scale = Count(keys, "scale");
        var replicas = keys.Child("deploy") is { } deploy ? Count(deploy, "replicas") : null;
        if (scale is { } one && replicas is { } other && one != other)
        {
            keys.Error("scale", $"{one} contradicts deploy.replicas, {other}", "keep one of the two");
        }

        return scale ?? replicas ?? 1;
    }

    private int? Count(KeyReader reader, string key)
    {
        if (reader.Integer(key, 0, int.MaxValue) is not { } count)
        {
            return null;
        }

        if (count > 1)
        {
            Problems.Error(reader.At(key), reader.Where, $"`{key}: {count}` is not supported: a service is one container", "write 0 or 1, or one service for each container");
            return 1;
        }

        return (int)count;
    }

    private ValueList<Dependency> DependsOn(ContainerSpec spec)
    {
        var dependencies = new SortedDictionary<string, Dependency>(StringComparer.Ordinal);
        switch (keys.Find("depends_on"))
        {
            case YamlSequence:
                foreach (var scalar in keys.Scalars("depends_on"))
                {
                    Depend(scalar, new(scalar.Text, DependencyCondition.Started));
                }

                break;
            case YamlMapping map:
                foreach (var entry in map.Entries)
                {
                    Depend(entry.Key, Condition(entry));
                }

                break;
            case { } other:
                keys.Wrong(other, "depends_on", "a list or a mapping of services");
                break;
        }

        // Whoever lives in another container's namespace needs that container first, and anew after each of its starts.
        foreach (var mode in (string?[])[spec.NetworkMode, spec.IpcMode, spec.PidMode])
        {
            if (Provider(mode) is { } provider)
            {
                dependencies.TryAdd(provider, new(provider, DependencyCondition.Started, Restart: true));
            }
        }

        return [.. dependencies.Values];

        void Depend(YamlScalar key, Dependency dependency)
        {
            draft.Positions[$"depends_on.{key.Text}"] = key.Position;
            dependencies[key.Text] = dependency;
        }
    }

    private Dependency Condition(YamlEntry entry)
    {
        if (entry.Value is not YamlMapping map)
        {
            if (entry.Value is not YamlScalar { IsNull: true })
            {
                keys.Wrong(entry.Value, $"depends_on.{entry.Key.Text}", "a mapping");
            }

            return new(entry.Key.Text, DependencyCondition.Started);
        }

        var reader = keys.Below(map, $"depends_on.{entry.Key.Text}");
        var condition = reader.OneOf("condition", "service_started", "service_healthy", "service_completed_successfully") switch
        {
            "service_healthy" => DependencyCondition.Healthy,
            "service_completed_successfully" => DependencyCondition.CompletedSuccessfully,
            _ => DependencyCondition.Started,
        };
        var dependency = new Dependency(entry.Key.Text, condition, reader.Flag("restart") ?? false, reader.Flag("required") ?? true);
        reader.Done();

        return dependency;
    }

    private void RefuseTheRest()
    {
        keys.Refuse("annotations", "the engine versions that are served do not all know them", "use labels");
        keys.Refuse("blkio_config", "weights and limits of block devices are not mapped");
        keys.Refuse("cpu_count", "it is Windows'", "use cpus");
        keys.Refuse("cpu_percent", "it is Windows'", "use cpus");
        keys.Refuse("cpu_rt_period", "realtime scheduling is not mapped");
        keys.Refuse("cpu_rt_runtime", "realtime scheduling is not mapped");
        keys.Refuse("credential_spec", "it is Windows'");
        keys.Refuse("external_links", "links are a legacy of the engine", "put both containers on one network");
        keys.Refuse("gpus", "device requests are not mapped", "use devices");
        keys.Refuse("isolation", "it is Windows'");
        keys.Refuse("label_file", "labels are part of the desired state", "write them under labels");
        keys.Refuse("links", "links are a legacy of the engine", "services of one network find each other by name; use networks.NAME.aliases for other names");
        keys.Refuse("models", "models are no containers");
        keys.Refuse("post_start", "hooks do not run on a rollback");
        keys.Refuse("pre_stop", "hooks do not run on a rollback");
        keys.Refuse("provider", "what is not a container cannot be put back");
        keys.Refuse("use_api_socket", "it is a feature of the docker command", "mount /var/run/docker.sock");
        keys.Refuse("volumes_from", "it hides which data a service uses", "name the volumes");
        keys.Ignore("attach", "only the terminal of `docker compose up` uses it");
        keys.Ignore("develop", "only `docker compose watch` uses it");
    }

    /// <summary>Remembers that a field holds something from outside Git.</summary>
    private void Hide(string field, YamlScalar scalar, string? setting = null)
    {
        if (scalar.IsFromHost)
        {
            secretFields.Add(field);
            context.Secrets.Add(setting, scalar.Text);
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9._-]*$", RegexOptions.None, 60_000)]
    private static partial Regex NameForm();

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]+$", RegexOptions.None, 60_000)]
    private static partial Regex ContainerNameForm();
}

/// <summary>A service as read, and the places of what is compared with other services.</summary>
internal sealed record ServiceDraft
{
    private readonly DesiredService? service;

    public DesiredService Service
    {
        get => service ?? throw new InvalidOperationException("The service is not read yet.");
        init => service = value;
    }

    /// <summary><c>container_name</c>, <c>depends_on.NAME</c>, <c>networks.KEY</c> to the place of the value.</summary>
    public Dictionary<string, SourcePosition> Positions { get; init; } = new(StringComparer.Ordinal);

    public List<(PortBinding Port, SourcePosition Position)> Ports { get; init; } = [];

    public List<(NetworkAttachment Attachment, SourcePosition Position)> Attachments { get; init; } = [];

    /// <summary>The image, when its tag is one that moves.</summary>
    public (string Image, SourcePosition Position)? FloatingImage { get; set; }
}
