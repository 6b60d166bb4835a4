using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Puts values in the place of <c>$VAR</c>, <c>${VAR}</c>, <c>${VAR:-default}</c> and the other forms that Compose knows.</summary>
public static class Interpolation
{
    /// <summary>The same tree with every scalar value (keys are left alone) interpolated; positions stay.</summary>
    public static YamlNode Apply(YamlNode node, Variables variables, ICollection<Problem> problems) =>
        Apply(node, new Interpolator(variables.Find, variables.Files, variables.LeaveUnresolved, problems) { UnsetIsEmpty = variables.UnsetIsEmpty });

    private static YamlNode Apply(YamlNode node, Interpolator interpolator) => node switch
    {
        YamlScalar scalar => Apply(scalar, interpolator),
        YamlSequence sequence => sequence with { Items = new ValueList<YamlNode>(sequence.Items.Select(item => Apply(item, interpolator))) },
        YamlMapping mapping => mapping with { Entries = new ValueList<YamlEntry>(mapping.Entries.Select(entry => entry with { Value = Apply(entry.Value, interpolator) })) },
        _ => node,
    };

    private static YamlScalar Apply(YamlScalar scalar, Interpolator interpolator)
    {
        if (!scalar.Text.Contains('$'))
        {
            return scalar;
        }

        var text = interpolator.Expand(scalar.Text, scalar.Position, out var isFromHost);
        var result = scalar with { Text = text, IsFromHost = scalar.IsFromHost || isFromHost };

        // An empty value that a variable left behind is an empty text, not a null.
        return result.IsNull ? result with { IsPlain = false } : result;
    }
}
