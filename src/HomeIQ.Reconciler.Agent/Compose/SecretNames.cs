namespace HomeIQ.Reconciler.Compose;

/// <summary>Tells by the name of a setting that its value is nobody's business.</summary>
/// <remarks>
/// A name is cut into words at everything that is no letter or digit and where small letters turn to capitals. It is secret
/// when a word is, or ends with, <c>PASSWORD, PASSWD, PASSPHRASE, TOKEN, SECRET, CREDENTIAL(S), APIKEY</c>, or is exactly
/// <c>PASS, PWD, KEY, PRIVATE, DSN, AUTHORIZATION</c>. <c>PUBLIC_KEY</c> is not.
/// </remarks>
internal static class SecretNames
{
    private static readonly string[] Endings =
        ["PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "CREDENTIAL", "PASSWORDS", "TOKENS", "SECRETS", "CREDENTIALS", "APIKEY", "APIKEYS"];

    private static readonly string[] Words = ["PASS", "PWD", "KEY", "KEYS", "PRIVATE", "DSN", "AUTHORIZATION"];

    public static bool LooksSecret(string name)
    {
        var words = Split(name);

        return words.Any(word => Words.Contains(word) || Endings.Any(ending => word.EndsWith(ending, StringComparison.Ordinal)))
            && !(words.Contains("PUBLIC") && words.Contains("KEY"));
    }

    private static List<string> Split(string name)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 0; i <= name.Length; i++)
        {
            var ends = i == name.Length || !char.IsAsciiLetterOrDigit(name[i]);
            if (ends || (i > start && char.IsAsciiLetterUpper(name[i]) && char.IsAsciiLetterLower(name[i - 1])))
            {
                if (i > start)
                {
                    words.Add(name[start..i].ToUpperInvariant());
                }

                start = ends ? i + 1 : i;
            }
        }

        return words;
    }
}
