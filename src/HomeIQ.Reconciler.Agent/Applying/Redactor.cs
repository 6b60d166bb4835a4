using System.Text.Encodings.Web;
using System.Text.Json;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Replaces the values that came from outside Git by <c>(secret)</c>, before a text is written or shown anywhere.</summary>
public sealed class Redactor
{
    /// <summary>Shorter values (<c>1</c>, <c>on</c>) would blot out every text.</summary>
    public const int ShortestSecret = 4;

    public static readonly Redactor None = new([]);

    private readonly string[] secrets;

    /// <summary>Longest first, so that a value that contains another one goes whole.</summary>
    public Redactor(IEnumerable<string> secrets) =>
        this.secrets = [.. secrets.Where(secret => secret.Length >= ShortestSecret)
            .SelectMany(secret => (string[])[secret, InJson(secret), InEngineJson(secret)])
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(secret => secret.Length)];

    public string Redact(string text)
    {
        foreach (var secret in secrets)
        {
            text = text.Replace(secret, "(secret)", StringComparison.Ordinal);
        }

        return text;
    }

    private static string InJson(string secret) => JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();

    /// <summary>The engine's own JSON also escapes what could end a script.</summary>
    private static string InEngineJson(string secret) => InJson(secret)
        .Replace("&", "\\u0026", StringComparison.Ordinal)
        .Replace("<", "\\u003c", StringComparison.Ordinal)
        .Replace(">", "\\u003e", StringComparison.Ordinal);
}
