using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The settings of a fake container as an inspect would list them: the same before, during and after its life; what says nothing is left out.</summary>
internal static class FakeFields
{
    public static ValueMap<string> Of(FakeContainer container)
    {
        var (spec, fields) = (container.Spec, new SortedDictionary<string, string>(StringComparer.Ordinal));

        Optional("Config.Hostname", spec.Hostname);
        Optional("Config.Domainname", spec.DomainName);
        Optional("Config.User", spec.User);
        Optional("Config.WorkingDir", spec.WorkingDirectory);
        Optional("Config.StopSignal", spec.StopSignal);
        Optional("Config.StopTimeout", spec.StopGracePeriod?.TotalSeconds.ToString("0"));
        List("Config.Cmd", spec.Command ?? []);
        List("Config.Entrypoint", spec.Entrypoint ?? []);
        if ((spec.HealthCheck ?? container.Image.HealthCheck) is { } check)
        {
            List("Config.Healthcheck.Test", check.Test);
            Number("Config.Healthcheck.Interval", check.Interval.Ticks * 100);
            Number("Config.Healthcheck.Timeout", check.Timeout.Ticks * 100);
            Number("Config.Healthcheck.Retries", check.Retries);
            Number("Config.Healthcheck.StartPeriod", check.StartPeriod.Ticks * 100);
        }

        All("Config.Env", container.Image.Environment);
        All("Config.Env", spec.Environment);
        All("Config.Labels", container.Image.Labels);
        All("Config.Labels", new(container.Labels.Where(label => !label.Key.StartsWith(Ownership.Prefix, StringComparison.Ordinal))));

        fields["HostConfig.RestartPolicy.Name"] = container.Restart.Name;
        Number("HostConfig.RestartPolicy.MaximumRetryCount", container.Restart.MaximumRetries);
        fields["HostConfig.NetworkMode"] = container.NetworkMode;
        fields["HostConfig.IpcMode"] = spec.IpcMode ?? "private";
        Optional("HostConfig.PidMode", spec.PidMode);
        Number("HostConfig.Memory", spec.Memory);
        Number("HostConfig.MemoryReservation", spec.MemoryReservation);
        Number("HostConfig.MemorySwap", SwapOf(spec));
        Number("HostConfig.NanoCpus", spec.NanoCpus);
        Number("HostConfig.CpuShares", spec.CpuShares);
        Number("HostConfig.CpuQuota", spec.CpuQuota);
        Number("HostConfig.CpuPeriod", spec.CpuPeriod);
        Optional("HostConfig.CpusetCpus", spec.CpusetCpus);
        Optional("HostConfig.CpusetMems", spec.CpusetMems);
        Number("HostConfig.PidsLimit", spec.PidsLimit);
        Number("HostConfig.ShmSize", spec.ShmSize == 0 ? 64 << 20 : spec.ShmSize);
        Number("HostConfig.OomScoreAdj", spec.OomScoreAdjustment);
        Flag("HostConfig.Privileged", spec.Privileged);
        Flag("HostConfig.ReadonlyRootfs", spec.ReadOnly);
        Flag("HostConfig.Init", spec.Init ?? false);
        Flag("Config.Tty", spec.Tty);
        List("HostConfig.CapAdd", spec.CapAdd);
        List("HostConfig.CapDrop", spec.CapDrop);
        List("HostConfig.SecurityOpt", spec.SecurityOptions);
        List("HostConfig.ExtraHosts", spec.ExtraHosts);
        List("HostConfig.Dns", spec.Dns);
        List("HostConfig.GroupAdd", spec.GroupAdd);
        All("HostConfig.Sysctls", spec.Sysctls);
        All("HostConfig.Tmpfs", spec.Tmpfs);
        fields["HostConfig.LogConfig.Type"] = spec.Logging?.Driver ?? "json-file";
        All("HostConfig.LogConfig.Config", spec.Logging?.Options ?? ValueMap<string>.Empty);
        foreach (var (name, limit) in spec.Ulimits)
        {
            fields[$"HostConfig.Ulimits.{name}"] = limit.ToString();
        }

        foreach (var port in spec.Ports.GroupBy(port => $"{port.ContainerPort}/{port.Protocol}", StringComparer.Ordinal))
        {
            fields[$"HostConfig.PortBindings.{port.Key}"] =
                string.Join(' ', port.Select(binding => $"{binding.HostAddress}:{binding.HostPort?.ToString() ?? "*"}").Order(StringComparer.Ordinal));
        }

        foreach (var mount in container.Mounts)
        {
            fields[$"Mounts.{mount.Target}.Type"] = mount.Kind;
            Optional($"Mounts.{mount.Target}.Name", mount.Name);
            Optional($"Mounts.{mount.Target}.Source", mount.Source);
            Flag($"Mounts.{mount.Target}.RW", !mount.ReadOnly);
        }

        foreach (var (network, endpoint) in container.Endpoints)
        {
            fields[$"NetworkSettings.Networks.{network}"] = "attached";
            Optional($"NetworkSettings.Networks.{network}.Aliases", string.Join(' ', endpoint.Wanted.Aliases.Order(StringComparer.Ordinal)));
            Optional($"NetworkSettings.Networks.{network}.IPAMConfig.IPv4Address", endpoint.Wanted.Ipv4Address);
            Optional($"NetworkSettings.Networks.{network}.IPAMConfig.IPv6Address", endpoint.Wanted.Ipv6Address);
        }

        return new ValueMap<string>(fields);

        void Optional(string field, string? value)
        {
            if (value is { Length: > 0 })
            {
                fields[field] = value;
            }
        }

        void Number(string field, long value) => Optional(field, value == 0 ? null : $"{value}");

        void Flag(string field, bool value) => Optional(field, value ? "true" : null);

        void List(string field, ValueList<string> values) => Optional(
            field, values.Count == 0 ? null : $"[{string.Join(',', values.Select(value => $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\""))}]");

        void All(string field, ValueMap<string> values)
        {
            foreach (var (name, value) in values)
            {
                fields[$"{field}.{name}"] = value;
            }
        }
    }

    /// <summary>The specification as an engine has it: with what the image brings along, and with its own defaults written out.</summary>
    public static MadeFrom MadeFrom(FakeContainer container) => new(
        container.Spec with
        {
            Environment = new([.. container.Image.Environment, .. container.Spec.Environment]),
            Labels = new([.. container.Labels.Where(label => !label.Key.StartsWith(Ownership.Prefix, StringComparison.Ordinal))]),
            HealthCheck = container.Spec.HealthCheck ?? container.Image.HealthCheck,
            Restart = container.Restart,
            Mounts =
            [
                .. container.Mounts.Where(mount => mount.Kind != "tmpfs")
                    .Select(mount => new MountSpec(mount.Kind == "volume" ? MountKind.Volume : MountKind.Bind, mount.Kind == "volume" ? mount.Name : mount.Source, mount.Target, mount.ReadOnly)),
                .. container.Spec.Mounts.Where(mount => mount.Kind == MountKind.Tmpfs),
            ],
            Networks = [.. container.Endpoints.Select(endpoint => endpoint.Value.Wanted)],
            NetworkMode = container.Spec.NetworkMode ?? (container.Spec.Networks is [var first, ..] ? first.Network : "bridge"),
            IpcMode = container.Spec.IpcMode ?? "private",
            MemorySwap = SwapOf(container.Spec),
            ShmSize = container.Spec.ShmSize == 0 ? 64 << 20 : container.Spec.ShmSize,
            Logging = container.Spec.Logging ?? new("json-file", ValueMap<string>.Empty),
            SecretFields = [],
        },
        new ContainerSpec
        {
            Image = "",
            Environment = container.Image.Environment,
            Labels = container.Image.Labels,
            HealthCheck = container.Image.HealthCheck,
        });

    /// <summary>As much swap again as memory, when nobody says otherwise.</summary>
    public static long SwapOf(ContainerSpec spec) => spec.MemorySwap == 0 ? spec.Memory * 2 : spec.MemorySwap;

    /// <summary>As the engine writes JSON, which also escapes what could end a script.</summary>
    public static string AsJson(FakeContainer container) => Inspect(container).ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
        .Replace("&", "\\u0026", StringComparison.Ordinal).Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal);

    private static JsonObject Inspect(FakeContainer container) => new()
    {
        ["Id"] = container.Id,
        ["Name"] = $"/{container.Name}",
        ["Image"] = container.Image.Id,
        ["State"] = new JsonObject
        {
            ["Status"] = container.Status.ToString().ToLowerInvariant(),
            ["ExitCode"] = container.ExitCode,
            ["Health"] = container.Check is null ? null : new JsonObject { ["Status"] = container.Health.ToString().ToLowerInvariant(), ["FailingStreak"] = container.FailingStreak },
        },
        ["Config"] = new JsonObject
        {
            ["Image"] = container.Spec.Image,
            ["Env"] = new JsonArray([.. container.Spec.Environment.Select(pair => (JsonNode)$"{pair.Key}={pair.Value}")]),
        },
    };
}
