using System.Text;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>A tree as text to compare: quoted where it was quoted, <c>~</c> for null, <c>@</c> before what came from the host.</summary>
internal static class TreeText
{
    public static string Of(YamlNode? node)
    {
        var text = new StringBuilder();
        Write(node, text, "");
        return text.ToString().Trim('\n', ' ');
    }

    private static void Write(YamlNode? node, StringBuilder text, string indentation)
    {
        switch (node)
        {
            case YamlMapping { Entries.Count: > 0 } mapping:
                foreach (var entry in mapping.Entries)
                {
                    text.Append('\n').Append(indentation).Append(entry.Key.Text).Append(':');
                    Write(entry.Value, text, indentation + "  ");
                }

                break;
            case YamlSequence { Items.Count: > 0 } sequence when sequence.Items.All(item => item is YamlScalar):
                text.Append(" [").AppendJoin(", ", sequence.Items.Select(item => Scalar((YamlScalar)item))).Append(']');
                break;
            case YamlSequence { Items.Count: > 0 } sequence:
                foreach (var item in sequence.Items)
                {
                    text.Append('\n').Append(indentation).Append('-');
                    Write(item, text, indentation + "  ");
                }

                break;
            default:
                text.Append(' ').Append(node switch { YamlScalar scalar => Scalar(scalar), YamlMapping => "{}", YamlSequence => "[]", _ => "(nothing)" });
                break;
        }
    }

    private static string Scalar(YamlScalar scalar) =>
        (scalar.Tag is { } tag ? $"{tag} " : "") + (scalar.IsFromHost ? "@" : "") + (scalar.IsNull ? "~" : scalar.IsPlain ? scalar.Text : $"\"{scalar.Text.Replace("\n", "\\n", StringComparison.Ordinal)}\"");
}
