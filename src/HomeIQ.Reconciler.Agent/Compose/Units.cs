using System.Globalization;
using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Reads the spellings of durations, sizes, numbers and yes or no that Compose files use.</summary>
internal static partial class Units
{
    public const string DurationHint = "write numbers with units: 30s, 1m30s, 500ms";
    public const string BytesHint = "write a number with a unit: 512m, 1.5g, 64kb";

    /// <summary>Go's durations: <c>1m30s</c>, <c>1.5h</c>, <c>250ms</c>; null when it is none or does not fit.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (text is "0")
        {
            return TimeSpan.Zero;
        }

        if (text.Length > 60 || !DurationForm().IsMatch(text))
        {
            return null;
        }

        var ticks = 0m;
        foreach (Match part in DurationPart().Matches(text))
        {
            ticks += decimal.Parse(part.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * part.Groups["unit"].Value switch
            {
                "ns" => 0.01m,
                "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "m" => TimeSpan.TicksPerMinute,
                _ => TimeSpan.TicksPerHour,
            };
        }

        // A century is beyond every wish, and far below what a TimeSpan holds.
        return ticks <= TimeSpan.TicksPerDay * 36_525m ? new TimeSpan((long)ticks) : null;
    }

    /// <summary>Sizes in units of 1024: <c>512M</c>, <c>1.5G</c>, <c>64kb</c>, <c>1024</c>; null when it is none or does not fit.</summary>
    public static long? Bytes(string text)
    {
        var match = BytesForm().Match(text.Trim());
        if (!match.Success || !decimal.TryParse(match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var factor = match.Groups["unit"].Value.ToLowerInvariant() switch
        {
            "k" => 1L << 10,
            "m" => 1L << 20,
            "g" => 1L << 30,
            "t" => 1L << 40,
            "p" => 1L << 50,
            _ => 1L,
        };

        return number <= long.MaxValue / factor ? (long)(number * factor) : null;
    }

    public static long? Integer(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Yes or no in the words of YAML, old and new.</summary>
    public static bool? Flag(string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" or "y" => true,
        "false" or "no" or "off" or "n" => false,
        _ => null,
    };

    /// <summary>Permission bits: octal, with or without a leading <c>0</c> or <c>0o</c>.</summary>
    public static int? Mode(string text)
    {
        var digits = text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text;

        return digits.Length is > 0 and < 6 && digits.All(digit => digit is >= '0' and <= '7') && Convert.ToInt32(digits, 8) is <= 4095 and var mode ? mode : null;
    }

    [GeneratedRegex(@"^([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(?<unit>ns|us|µs|μs|ms|s|m|h)(([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(ns|us|µs|μs|ms|s|m|h))*$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex DurationForm();

    [GeneratedRegex(@"(?<number>[0-9]*\.?[0-9]*)(?<unit>ns|us|µs|μs|ms|s|m|h)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex DurationPart();

    [GeneratedRegex(@"^(?<number>[0-9]{1,18}(\.[0-9]{1,18})?) ?(?<unit>[kmgtpKMGTP])?i?[bB]?$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex BytesForm();
}
