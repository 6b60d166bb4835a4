using System.Globalization;
using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Policies;

internal enum ScalarKind
{
    Null,
    Boolean,
    Number,
    Text,
}

/// <summary>What a scalar is by the core schema of YAML 1.2, which is also what it becomes in JSON.</summary>
internal static partial class Scalars
{
    public static ScalarKind KindOf(YamlScalar scalar) => scalar switch
    {
        { IsPlain: false } => ScalarKind.Text,
        { IsNull: true } => ScalarKind.Null,
        { Text: "true" or "True" or "TRUE" or "false" or "False" or "FALSE" } => ScalarKind.Boolean,
        _ when NumberForm().IsMatch(scalar.Text) => ScalarKind.Number,
        _ => ScalarKind.Text,
    };

    public static decimal? Number(YamlScalar scalar)
    {
        if (KindOf(scalar) != ScalarKind.Number)
        {
            return null;
        }

        var text = scalar.Text;
        if (text.StartsWith("0x", StringComparison.Ordinal))
        {
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : null;
        }

        if (text.StartsWith("0o", StringComparison.Ordinal))
        {
            return text.Length < 20 ? Convert.ToInt64(text[2..], 8) : null;
        }

        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    public static string Words(ScalarKind kind) => kind switch
    {
        ScalarKind.Null => "empty",
        ScalarKind.Boolean => "true or false",
        ScalarKind.Number => "a number",
        _ => "a text",
    };

    [GeneratedRegex(@"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex NumberForm();
}
