using System.Runtime.CompilerServices;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Which part of a service's log is wanted.</summary>
/// <param name="Tail">The last lines of what is there; null for all of it.</param>
/// <param name="Since">Null for everything.</param>
/// <param name="Follow">Goes on until the container ends.</param>
public sealed record LogRange(int? Tail, DateTimeOffset? Since, bool Follow);

/// <summary>Reads the log of a service's container, with what came from outside Git left out as in evidence.</summary>
internal sealed class ServiceLogs(AgentSettings settings, IContainerHost host, Lookout lookout)
{
    /// <summary>Shorter lines of a secret text (<c>-----</c>, a word) would blot out too much.</summary>
    private const int ShortestLine = 8;

    /// <exception cref="ContainerHostException">The service has no container.</exception>
    public async IAsyncEnumerable<string> ReadAsync(string service, LogRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var container = await FindAsync(service, cancellationToken);
        var secrets = lookout.Secrets();

        // A log is shown line by line: a secret of several lines is looked for in its lines.
        var redactor = new Redactor([.. secrets, .. secrets.SelectMany(secret => secret.Split('\n', StringSplitOptions.TrimEntries)).Where(line => line.Length >= ShortestLine)]);
        await foreach (var line in host.StreamLogsAsync(container.Id, range.Tail, range.Since, range.Follow, cancellationToken))
        {
            yield return redactor.Redact(line);
        }
    }

    private async Task<ObservedContainer> FindAsync(string service, CancellationToken cancellationToken)
    {
        var held = lookout.Effective()?.Find(service);
        var all = await host.ListContainersAsync(cancellationToken);
        var ours = all.Where(container => container.Owner?.Instance == settings.Instance && !ContainerNames.IsTemporary(container.Name) && !ContainerNames.IsFailed(container.Name)).ToList();
        return all.FirstOrDefault(container => container.Id == held?.ContainerId)
            ?? ours.Find(container => container.Owner!.Service == service)
            ?? throw new ContainerHostException(
                HostFailure.NotFound, $"there is no container of a service {service}{(ours.Count > 0 ? $"; there are: {string.Join(", ", ours.Select(container => container.Owner!.Service).Distinct(StringComparer.Ordinal))}" : "")}");
    }
}
