using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Finds the container of each service on a host that does not know us, or does not know us any more.</summary>
internal sealed class Candidates
{
    private const string Label = "Config.Labels.";
    private const string ServiceLabel = Label + "com.docker.compose.service";
    private const string OneOffLabel = Label + "com.docker.compose.oneoff";

    private readonly AdoptionSituation situation;
    private readonly Remarks remarks;
    private readonly ILookup<string, ObservedContainer> ours;
    private readonly ILookup<string, ObservedContainer> theirs;
    private readonly Dictionary<string, ObservedContainer> byName;

    public Candidates(AdoptionSituation situation, Remarks remarks)
    {
        this.situation = situation;
        this.remarks = remarks;
        byName = situation.Observed.Containers.DistinctBy(container => container.Name, StringComparer.Ordinal).ToDictionary(container => container.Name, StringComparer.Ordinal);
        ours = situation.Observed.Containers.Where(container => situation.IsOurs && IsServing(container)).ToLookup(container => container.Owner!.Service, StringComparer.Ordinal);
        theirs = situation.Observed.Containers.Where(container => container.ComposeProject == situation.Desired.Project && container.Owner is null && !IsOneOff(container))
            .ToLookup(container => Field(container, ServiceLabel), StringComparer.Ordinal);
    }

    /// <summary>Services of the commit with their containers; and where the containers are ours, those of services that the commit does not have.</summary>
    /// <remarks>On a host that was taken over once, ours stand beside those that carry no label of ours to this day.</remarks>
    public List<(DesiredService Service, ObservedContainer Container)> Find()
    {
        var found = new List<(DesiredService Service, ObservedContainer Container)>();
        if (situation.IsOurs && ours.Count == 0)
        {
            return found;
        }

        var wanted = situation.Desired.Services.Where(service => service.Scale > 0).ToList();
        foreach (var service in wanted)
        {
            if ((OursFor(service) ?? TheirsFor(service)) is { } container)
            {
                found.Add((service, container));
            }
        }

        bool IsUnknown(string service) => wanted.TrueForAll(known => known.Name != service);
        foreach (var unknown in ours.Where(service => IsUnknown(service.Key)).OrderBy(service => service.Key, StringComparer.Ordinal))
        {
            var container = unknown.First();
            found.Add((new() { Name = unknown.Key, ContainerName = container.Name, Spec = new() { Image = container.Image } }, container));
            remarks.Warn("not-in-commit", unknown.Key, $"the commit has no such service: {container.Name} is recorded, and removed by the next apply (many at once need an approval)");
        }

        foreach (var unknown in theirs.Where(service => IsUnknown(service.Key)))
        {
            remarks.Warn("left-alone", unknown.Key, $"the commit has no such service: {string.Join(", ", unknown.Select(other => other.Name))} stays as it is, and Compose's");
        }

        return found;
    }

    private ObservedContainer? OursFor(DesiredService service)
    {
        var candidates = ours[service.Name].ToList();
        return candidates.Find(container => container.Name == service.ContainerName) ?? (candidates.Count > 0 ? candidates[0] : null);
    }

    private ObservedContainer? TheirsFor(DesiredService service)
    {
        var labelled = theirs[service.Name].ToList();
        var bearer = byName.GetValueOrDefault(service.ContainerName);
        if (labelled.Count > 1)
        {
            remarks.Refuse("several", service.Name, $"it runs in {labelled.Count} containers ({string.Join(", ", labelled.Select(container => container.Name))}), and homeiq runs one of each service", "remove all but one of them first");
            return null;
        }

        var container = labelled.Count == 1 ? labelled[0] : bearer;
        if (container is not null && bearer is not null && bearer.Id != container.Id)
        {
            remarks.Refuse("name-taken", service.Name, $"the name {service.ContainerName} is borne by {Whose(bearer)}, and the service runs as {container.Name}", "remove or rename one of them first");
            return null;
        }

        if (container?.Owner is { } owner)
        {
            remarks.Refuse("instance", service.Name, $"{container.Name} belongs to the instance {owner.Instance} of homeiq{(owner.Instance == situation.Instance ? ", which is this one" : "")}",
                owner.Instance == situation.Instance ? "homeiq adopt --ours rebuilds what was lost from the labels of our own containers" : "let that instance remove it, or give the service another container_name");
            return null;
        }

        if (container?.ComposeProject is { } project && project != situation.Desired.Project)
        {
            remarks.Refuse("other-project", service.Name, $"{container.Name} belongs to the Compose project {project}, and this desired state is the project {situation.Desired.Project}", $"if it is the same stack, say --project-name {project}; else give the service another container_name");
            return null;
        }

        return container;
    }

    private static string Whose(ObservedContainer container) => container switch
    {
        { Owner: { } owner } => $"a container of the instance {owner.Instance}",
        { ComposeProject: { } project } => $"the service {Field(container, ServiceLabel)} of the Compose project {project}",
        _ => "a container that is of no Compose project",
    };

    /// <summary>Ours, and the service's own container.</summary>
    private bool IsServing(ObservedContainer container) =>
        container.Owner is { Service.Length: > 0 } owner && owner.Instance == situation.Instance && !ContainerNames.IsTemporary(container.Name) && !ContainerNames.IsFailed(container.Name);

    /// <summary>Of <c>docker-compose run</c>.</summary>
    private static bool IsOneOff(ObservedContainer container) => Field(container, OneOffLabel) is "True" or "true";

    private static string Field(ObservedContainer container, string name) => container.Fields.TryGetValue(name, out var value) ? value : "";
}
