using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>How a container that drifted is put right while it stays the same container.</summary>
/// <param name="Settings">Fields of the inspect that an update puts back.</param>
/// <param name="Rejoin">Networks of the specification that it is not on, or not as specified.</param>
/// <param name="Leave">Networks that it is on and was not made for.</param>
internal sealed record InPlace(ValueList<string> Settings, ValueList<string> Rejoin, ValueList<string> Leave)
{
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
                case { } strange when !effective.Recorded.ContainsKey(NetworkFields.Presence(strange)):
                    leave.Add(strange);
                    break;
                default:
                    settings.Add(field);
                    break;
            }
        }

        return ContainerUpdate.Back(effective.Recorded, settings) is null ? null : new([.. settings], [.. rejoin], [.. leave]);
    }

    /// <summary>Names of networks may have dots: the longest that fits is meant.</summary>
    private static string? NetworkOf(string field, HashSet<string> networks) => networks
        .Where(network => NetworkFields.IsOf(field, network) || NetworkFields.IsOf(field, DriftFinder.Attachment, network))
        .MaxBy(network => network.Length);
}
