using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>The keyed digest of all that decides whether a service (or what stands on a network) proves good: its specification, what its image is built from, and what is asked of it.</summary>
/// <remarks>Quarantine compares it. Order, phases, drift policy and risk are outside: changing them makes nothing bad good.</remarks>
public static class ContentDigest
{
    public static string Of(DesiredService service, ReadOnlySpan<byte> key) => SpecDigest.Keyed(Pairs(service), key);

    /// <summary>Of a network's settings, which may be what its services fail on.</summary>
    public static string Of(DesiredNetwork network, ReadOnlySpan<byte> key) => SpecDigest.Keyed(FieldComparison.Of(network), key);

    /// <summary>Under what a network stands among the contents; no service can have such a name.</summary>
    public static string NameOf(DesiredNetwork network) => $"network {network.Name}";

    /// <summary>Of what stands under a name in a desired state; null when nothing does.</summary>
    public static string? Of(string name, DesiredState desired, ReadOnlySpan<byte> key) =>
        desired.Find(name) is { } service ? Of(service, key)
        : desired.Networks.FirstOrDefault(network => NameOf(network) == name) is { } network ? Of(network, key)
        : null;

    private static IEnumerable<KeyValuePair<string, string>> Pairs(DesiredService service)
    {
        foreach (var field in SpecDigest.Fields(service))
        {
            yield return field;
        }

        yield return new("scale", $"{service.Scale}");
        if (service.Build is { } build)
        {
            yield return new("build", build.Digest);
        }

        if (service.Policy.VerifyTimeout is { } timeout)
        {
            yield return new("verify.timeout", SpecFields.Text(timeout));
        }

        foreach (var probe in service.Policy.Probes)
        {
            yield return new("verify.probe", $"{Text(probe)} every {SpecFields.Text(probe.Interval)} within {SpecFields.Text(probe.Timeout)}");
        }
    }

    private static string Text(Probe probe) => probe switch
    {
        HttpProbe http => $"http {SpecFields.Words([http.Url ?? "-", $"{http.Port}", http.Path, http.Scheme, http.Status.ToString(), .. http.Json.SelectMany(pair => new[] { pair.Key, pair.Value })])}",
        TcpProbe tcp => $"tcp {tcp.Port}",
        ExecProbe exec => $"exec {SpecFields.Words(exec.Command)}",
        _ => throw new NotSupportedException($"Probe {probe.GetType().Name}."),
    };
}
