using System.Text.Json;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A plan as JSON: in the journal, and for <c>-o json</c>.</summary>
public static class PlanJson
{
    public static string Write(Plan plan) => JsonSerializer.Serialize(plan, CoreJson.Default.Plan);

    public static string WriteIndented(Plan plan) => JsonSerializer.Serialize(plan, CoreJson.Indented.Plan);

    /// <exception cref="JsonException">It is no plan, or one of a newer version.</exception>
    public static Plan Read(string json) => JsonDefaults.Read(json, CoreJson.Default.Plan) ?? throw new JsonException("A plan is missing.");
}
