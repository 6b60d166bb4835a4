using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>The secret values of a specification, to be kept out of what is shown of its container.</summary>
internal sealed class SecretText
{
    /// <summary>Settings that the engine writes in another way than the specification, so that its value is not found in theirs.</summary>
    private static readonly Dictionary<string, string[]> WrittenOtherwise = new(StringComparer.Ordinal)
    {
        ["Memory"] = ["memory"],
        ["MemorySwap"] = ["memory", "memory_swap"],
        ["MemoryReservation"] = ["memory_reservation"],
        ["NanoCpus"] = ["cpus"],
        ["ShmSize"] = ["shm_size"],
        ["RestartPolicy.MaximumRetryCount"] = ["restart"],
        ["RestartPolicy.Name"] = ["restart"],
    };

    private readonly ContainerSpec spec;
    private readonly Lazy<string[]> values;

    private SecretText(ContainerSpec spec)
    {
        this.spec = spec;
        values = new(() =>
        {
            var fields = SpecFields.Of(spec);
            return [.. spec.SecretFields.Select(name => fields.TryGetValue(name, out var value) ? value : "").Where(value => value.Length > 0)];
        });
    }

    public static SecretText Of(ContainerSpec spec) => new(spec);

    public FieldChange Hide(FieldChange field) =>
        spec.SecretFields.Count > 0 && (IsSecret(field.Field) || Holds(field.Was) || Holds(field.Is)) ? new(field.Field, null, null, Secret: true) : field;

    private bool IsSecret(string engineField) => engineField switch
    {
        _ when engineField.StartsWith("Config.Env.", StringComparison.Ordinal) => spec.SecretFields.Contains("env." + engineField["Config.Env.".Length..]),
        _ when engineField.StartsWith("HostConfig.", StringComparison.Ordinal) =>
            WrittenOtherwise.TryGetValue(engineField["HostConfig.".Length..], out var names) && names.Any(spec.SecretFields.Contains),
        _ when engineField.StartsWith("Config.Labels.", StringComparison.Ordinal) => spec.SecretFields.Contains("label." + engineField["Config.Labels.".Length..]),
        _ => false,
    };

    private bool Holds(string? text) => text is not null && values.Value.Any(value => text.Contains(value, StringComparison.Ordinal));
}
