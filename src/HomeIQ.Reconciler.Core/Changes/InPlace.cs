using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>How a container that drifted is put right while it stays the same container.</summary>
/// <param name="Settings">Fields of the inspect that an update puts back.</param>
/// <param name="Rejoin">Networks of the specification that it is not on, or not as specified.</param>
/// <param name="Leave">Networks that it is on and was not made for.</param>
internal sealed record InPlace(ValueList<string> Settings, ValueList<string> Rejoin, ValueList<string> Leave)
{
    private const string OnNetwork = "NetworkSettings.Networks.";

    public static readonly InPlace Nothing = new([], [], []);

    /// <summary>Null when one of the fields takes another container.</summary>
    public static InPlace? For(EffectiveService effective, ObservedContainer live, ValueList<FieldChange> drifted)
    {
        var specified = effective.Service.Spec.Networks.Select(network => network.Network).ToHashSet(StringComparer.Ordinal);
        var known = live.Networks.Select(network => network.Network).Union(specified, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var settings = new List<string>();
        var rejoin = new SortedSet<string>(StringComparer.Ordinal);
        var leave = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var field in drifted.Select(drift => drift.Field))
        {
            switch (NetworkOf(field, known))
            {
                case { } own when specified.Contains(own):
                    rejoin.Add(own);
                    break;
                case { } strange when !effective.Recorded.ContainsKey(OnNetwork + strange):
                    leave.Add(strange);
                    break;
                default:
                    settings.Add(field);
                    break;
            }
        }

        return ContainerUpdate.Back(effective.Recorded, settings) is null ? null : new([.. settings], [.. rejoin], [.. leave]);
    }

    /// <summary>The recorded fields that tell how a container is on a network.</summary>
    public static ValueMap<string> OfNetwork(ValueMap<string> fields, string network) =>
        new(fields.Where(field => IsOf(field.Key, OnNetwork, network)));

    /// <summary>Names of networks may have dots: the longest that fits is meant.</summary>
    private static string? NetworkOf(string field, HashSet<string> networks) => networks
        .Where(network => IsOf(field, OnNetwork, network) || IsOf(field, DriftFinder.Attachment, network))
        .MaxBy(network => network.Length);

    private static bool IsOf(string field, string prefix, string network) =>
        field.StartsWith(prefix, StringComparison.Ordinal) && field.AsSpan(prefix.Length).StartsWith(network, StringComparison.Ordinal)
        && (field.Length == prefix.Length + network.Length || field[prefix.Length + network.Length] == '.');
}
