using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>validate -o json</c>, stable: camelCase, severities as on the terminal, and text as it is, since nobody puts it into a web page.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Problem[]))]
internal sealed partial class ProblemJson : JsonSerializerContext
{
    public static ProblemJson Readable => field ??= new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<Severity>(JsonNamingPolicy.CamelCase) },
    });
}
