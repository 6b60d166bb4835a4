using System.Text.Json;
using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Examples;

/// <summary>A story's <c>observed.json</c>: what differs on the host from what the commit before made.</summary>
/// <param name="Stopped">Services whose container somebody stopped.</param>
/// <param name="Missing">Services whose container somebody removed.</param>
/// <param name="Disconnected">Services whose container somebody took off its networks.</param>
/// <param name="Unhealthy">Services whose health check fails.</param>
internal sealed record StoryHost(
    IReadOnlyList<string>? Stopped = null, IReadOnlyList<string>? Missing = null, IReadOnlyList<string>? Unhealthy = null, IReadOnlyList<string>? Disconnected = null, IReadOnlyList<ForeignContainer>? Foreign = null, IReadOnlyList<Listener>? Listening = null)
{
    public static StoryHost Read(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllText(file), StoryJson.Default.StoryHost)! : new();

    public ObservedState On(ObservedState host)
    {
        foreach (var service in (Stopped ?? []).Concat(Missing ?? []).Concat(Unhealthy ?? []).Concat(Disconnected ?? []))
        {
            Assert.Contains(host.Containers, container => container.Owner?.Service == service);
        }

        return host with
        {
            Containers =
            [
                .. host.Containers.Where(container => !Has(Missing, container)).Select(container => Has(Stopped, container)
                    ? container with { Status = ContainerStatus.Exited, PublishedPorts = [], ExitCode = 137 }
                    : Has(Unhealthy, container) ? container with { Health = ContainerHealth.Unhealthy }
                    : Has(Disconnected, container) ? container with { Networks = [] } : container)
                    .Concat((Foreign ?? []).Select(foreign => foreign.Container)).OrderBy(container => container.Name, StringComparer.Ordinal),
            ],
            HostPorts = [.. (Listening ?? []).Select(listener => new ListeningPort(listener.Port, "tcp", "0.0.0.0", listener.Process))],
        };
    }

    private static bool Has(IReadOnlyList<string>? services, ObservedContainer container) => services?.Contains(container.Owner?.Service) ?? false;
}

/// <summary>A running container that is not ours, with published ports.</summary>
internal sealed record ForeignContainer(string Name, string Image, IReadOnlyList<int> Ports)
{
    public ObservedContainer Container
    {
        get
        {
            ValueList<PortBinding> ports = [.. Ports.Select(port => new PortBinding(port, HostPort: port))];
            return new() { Id = $"foreign-{Name}", Name = Name, Image = Image, ImageId = Image, Status = ContainerStatus.Running, Ports = ports, PublishedPorts = ports };
        }
    }
}

internal sealed record Listener(int Port, string Process);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(StoryHost))]
internal sealed partial class StoryJson : JsonSerializerContext;
