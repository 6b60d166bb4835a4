using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler;

/// <summary>Reads values whose JSON an older version wrote: what it does not say has the default that the type gives it.</summary>
/// <remarks>
/// Generated readers set every <c>init</c> property of a record and take null or 0 for what is missing, not the property's own initial value.
/// A test finds types that ought to be among the defaults below.
/// </remarks>
public static class JsonDefaults
{
    private static readonly Dictionary<Type, Lazy<JsonObject>> Defaults = new()
    {
        [typeof(ContainerSpec)] = Of(() => new ContainerSpec { Image = "" }, json => json.ContainerSpec),
        [typeof(MountSpec)] = Of(() => new MountSpec(MountKind.Bind, "", ""), json => json.MountSpec),
        [typeof(NetworkAttachment)] = Of(() => new NetworkAttachment(""), json => json.NetworkAttachment),
        [typeof(DesiredService)] = Of(() => new DesiredService { Name = "", ContainerName = "", Spec = new() { Image = "" } }, json => json.DesiredService),
        [typeof(BuildSpec)] = Of(() => new BuildSpec { Context = "", Dockerfile = "", Digest = "" }, json => json.BuildSpec),
        [typeof(Policy)] = Of(() => new Policy(), json => json.Policy),
        [typeof(DesiredDatabase)] = Of(() => new DesiredDatabase("", default, "", ""), json => json.DesiredDatabase),
        [typeof(BackUp)] = Of(() => new BackUp("", ""), json => json.BackUp),
        [typeof(BackedUp)] = Of(() => new BackedUp("", 0, "", 0, 0), json => json.BackedUp),
        [typeof(Backups.SqliteFacts)] = Of(() => new Backups.SqliteFacts("", ValueMap<long>.Empty, []), json => json.SqliteFacts),
        [typeof(SoakPolicy)] = Of(() => new SoakPolicy(), json => json.SoakPolicy),
        [typeof(ServicePolicy)] = Of(() => new ServicePolicy(), json => json.ServicePolicy),
        [typeof(HttpProbe)] = Of(() => new HttpProbe(null, null, "", "", [], ValueMap<string>.Empty), json => json.HttpProbe),
        [typeof(TcpProbe)] = Of(() => new TcpProbe(0), json => json.TcpProbe),
        [typeof(ExecProbe)] = Of(() => new ExecProbe([]), json => json.ExecProbe),
        [typeof(DesiredNetwork)] = Of(() => new DesiredNetwork(""), json => json.DesiredNetwork),
        [typeof(DesiredVolume)] = Of(() => new DesiredVolume(""), json => json.DesiredVolume),
        [typeof(EffectiveState)] = Of(() => new EffectiveState { Project = "", Revision = "" }, json => json.EffectiveState),
        [typeof(Plan)] = Of(() => new Plan { Project = "", Revision = "" }, json => json.Plan),
        [typeof(PlannedStep)] = Of(() => new PlannedStep(0, new Promote(""), "", []), json => json.PlannedStep),
        [typeof(ServiceVerified)] = Of(() => new ServiceVerified(""), json => json.ServiceVerified),
        [typeof(StateSealed)] = Of(() => new StateSealed(IsRepair: false), json => json.StateSealed),
        [typeof(RollbackStarted)] = Of(() => new RollbackStarted(new() { Project = "", Revision = "" }, ""), json => json.RollbackStarted),
        [typeof(RunRecord)] = Of(() => new RunRecord { Id = "", StartedAt = default, Plan = new() { Project = "", Revision = "" } }, json => json.RunRecord),
        [typeof(RunStarted)] = Of(() => new RunStarted(new() { Project = "", Revision = "" }, null, ""), json => json.RunStarted),
        [typeof(StepFailed)] = Of(() => new StepFailed(0, false, default, "", null, null), json => json.StepFailed),
        [typeof(ObservedState)] = Of(() => new ObservedState { At = default, Engine = new("", "", "", "", "") }, json => json.ObservedState),
        [typeof(ObservedContainer)] = Of(() => new ObservedContainer { Id = "", Name = "", Image = "", ImageId = "", Status = default }, json => json.ObservedContainer),
    };

    /// <summary>Null for the JSON null; an error for what is no such value.</summary>
    public static T? Read<T>(string json, JsonTypeInfo<T> type) => Read(JsonNode.Parse(json), type);

    public static T? Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) => Read(JsonNode.Parse(json), type);

    internal static bool Knows(Type type) => Defaults.ContainsKey(type);

    /// <summary>A property of a record that a reader may leave out, as opposed to what makes the record at all.</summary>
    internal static bool IsOptional(JsonPropertyInfo property) => !property.IsRequired && property.AssociatedParameter is { IsMemberInitializer: true };

    private static T? Read<T>(JsonNode? node, JsonTypeInfo<T> type)
    {
        Fill(node, type);
        return node is null ? default : node.Deserialize(type);
    }

    private static void Fill(JsonNode? node, JsonTypeInfo type)
    {
        switch (node)
        {
            case JsonObject json when type.Kind == JsonTypeInfoKind.Object:
                FillObject(json, Derived(json, type));
                break;
            case JsonObject map when type.Kind == JsonTypeInfoKind.Dictionary:
                foreach (var (_, value) in map)
                {
                    Fill(value, type.Options.GetTypeInfo(type.ElementType!));
                }

                break;
            case JsonArray list when type.Kind == JsonTypeInfoKind.Enumerable:
                foreach (var item in list)
                {
                    Fill(item, type.Options.GetTypeInfo(type.ElementType!));
                }

                break;
        }
    }

    private static void FillObject(JsonObject json, JsonTypeInfo type)
    {
        Defaults.TryGetValue(type.Type, out var defaults);
        foreach (var property in type.Properties)
        {
            if (json.TryGetPropertyValue(property.Name, out var value))
            {
                Fill(value, type.Options.GetTypeInfo(property.PropertyType));
            }
            else if (defaults is not null && IsOptional(property) && defaults.Value[property.Name] is { } missing)
            {
                json[property.Name] = missing.DeepClone();
            }
        }
    }

    private static JsonTypeInfo Derived(JsonObject json, JsonTypeInfo type)
    {
        if (type.PolymorphismOptions is not { } family || json[family.TypeDiscriminatorPropertyName] is not JsonValue kind || !kind.TryGetValue<string>(out var name))
        {
            return type;
        }

        var derived = family.DerivedTypes.FirstOrDefault(candidate => candidate.TypeDiscriminator is string text && text == name).DerivedType;
        return derived is null ? type : type.Options.GetTypeInfo(derived);
    }

    /// <summary>What describes a type takes a while to make: only for those that something lacks.</summary>
    private static Lazy<JsonObject> Of<T>(Func<T> value, Func<CoreJson, JsonTypeInfo<T>> type) => new(() => JsonSerializer.SerializeToNode(value(), type(CoreJson.Default))!.AsObject());
}
