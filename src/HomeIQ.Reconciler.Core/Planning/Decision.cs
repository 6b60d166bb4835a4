using System.Text.Json.Serialization;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What a person decided about this host beside commits: asked for by a verb, kept in the journal, honoured by the gate.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "decision")]
[JsonDerivedType(typeof(Release), "release")]
public abstract record Decision
{
    /// <summary>When it was put on record.</summary>
    [JsonIgnore]
    public DateTimeOffset At { get; init; }

    /// <summary>What it is about, for the journal: a later decision about the same takes its place.</summary>
    [JsonIgnore]
    public abstract string Subject { get; }
}

/// <summary>What failed may be tried again, as it is.</summary>
/// <param name="Quarantine">Id of the entry that goes.</param>
public sealed record Release(string Quarantine) : Decision
{
    public override string Subject => $"quarantine {Quarantine}";
}
