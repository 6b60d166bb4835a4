using System.Text.Json.Serialization;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What a person decided about this host beside commits: asked for by a verb, kept in the journal, honoured by the gate.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "decision")]
[JsonDerivedType(typeof(Release), "release")]
[JsonDerivedType(typeof(Suspension), "suspension")]
[JsonDerivedType(typeof(Resumption), "resumption")]
[JsonDerivedType(typeof(Approval), "approval")]
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

/// <summary>Nothing is changed by itself until then; a run that is under way is finished all the same.</summary>
/// <param name="Service">Null for the whole host.</param>
public sealed record Suspension(string? Service, DateTimeOffset Until, string Reason) : Decision
{
    public override string Subject => SubjectOf(Service);

    /// <summary>As it reads in a status: what, until when, and why.</summary>
    public string ToText() => $"{Service ?? "everything"} is suspended until {Until:yyyy-MM-dd HH:mm:ss}Z: {Reason}";

    internal static string SubjectOf(string? service) => service is null ? "host" : $"service {service}";
}

/// <summary>A suspension ends before its time.</summary>
/// <param name="Service">Null for all that is suspended.</param>
public sealed record Resumption(string? Service) : Decision
{
    public override string Subject => Suspension.SubjectOf(Service);
}

/// <summary>One run of just this plan may begin, whoever begins it.</summary>
public sealed record Approval(string Digest) : Decision
{
    public override string Subject => SubjectOf(Digest);

    public static string SubjectOf(string digest) => $"plan {digest}";
}
