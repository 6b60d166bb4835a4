namespace HomeIQ.Reconciler.Compose;

/// <summary>The values that came from outside Git, as far as hiding them makes sense.</summary>
/// <remarks>
/// Shorter values than four characters would blacken half of every text, and so would <c>true</c>, a port, or the
/// project's own name, when the name of the setting does not say that it is a secret.
/// </remarks>
internal sealed class SecretValues
{
    private const int Shortest = 4;

    private readonly HashSet<string> secrets = new(StringComparer.Ordinal);
    private readonly HashSet<string> ordinary = new(StringComparer.Ordinal);

    /// <param name="name">The setting that holds it, when known.</param>
    public void Add(string? name, string text)
    {
        if (text.Length >= Shortest)
        {
            (name is not null && SecretNames.LooksSecret(name) ? secrets : ordinary).Add(text);
        }
    }

    /// <param name="plain">Texts that are shown anyway: names of services, containers, volumes, images.</param>
    public ValueList<string> Sorted(IEnumerable<string> plain)
    {
        var shown = plain.ToList();

        return
        [
            .. secrets.Concat(ordinary.Where(text => !IsOrdinary(text) && !shown.Any(other => other.Contains(text, StringComparison.Ordinal))))
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
    }

    private static bool IsOrdinary(string text) =>
        Units.Flag(text) is not null || (text.Length <= 5 && text.All(char.IsAsciiDigit)) || text is "null" or "none" or "info" or "INFO" or "debug" or "DEBUG";
}
