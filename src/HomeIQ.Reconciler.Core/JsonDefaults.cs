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
        [typeof(ContainerSpec)] = Of(new ContainerSpec { Image = "" }, CoreJson.Default.ContainerSpec),
        [typeof(MountSpec)] = Of(new MountSpec(MountKind.Bind, "", ""), CoreJson.Default.MountSpec),
        [typeof(NetworkAttachment)] = Of(new NetworkAttachment(""), CoreJson.Default.NetworkAttachment),
        [typeof(DesiredService)] = Of(new DesiredService { Name = "", ContainerName = "", Spec = new() { Image = "" } }, CoreJson.Default.DesiredService),
        [typeof(BuildSpec)] = Of(new BuildSpec { Context = "", Dockerfile = "", Digest = "" }, CoreJson.Default.BuildSpec),
        [typeof(Policy)] = Of(new Policy(), CoreJson.Default.Policy),
        [typeof(SoakPolicy)] = Of(new SoakPolicy(), CoreJson.Default.SoakPolicy),
        [typeof(ServicePolicy)] = Of(new ServicePolicy(), CoreJson.Default.ServicePolicy),
        [typeof(HttpProbe)] = Of(new HttpProbe(null, null, "", "", [], ValueMap<string>.Empty), CoreJson.Default.HttpProbe),
        [typeof(TcpProbe)] = Of(new TcpProbe(0), CoreJson.Default.TcpProbe),
        [typeof(ExecProbe)] = Of(new ExecProbe([]), CoreJson.Default.ExecProbe),
        [typeof(DesiredNetwork)] = Of(new DesiredNetwork(""), CoreJson.Default.DesiredNetwork),
        [typeof(DesiredVolume)] = Of(new DesiredVolume(""), CoreJson.Default.DesiredVolume),
        [typeof(EffectiveState)] = Of(new EffectiveState { Project = "", Revision = "" }, CoreJson.Default.EffectiveState),
        [typeof(Plan)] = Of(new Plan { Project = "", Revision = "" }, CoreJson.Default.Plan),
        [typeof(PlannedStep)] = Of(new PlannedStep(0, new Promote(""), "", []), CoreJson.Default.PlannedStep),
        [typeof(ServiceVerified)] = Of(new ServiceVerified(""), CoreJson.Default.ServiceVerified),
        [typeof(StateSealed)] = Of(new StateSealed(IsRepair: false), CoreJson.Default.StateSealed),
        [typeof(RollbackStarted)] = Of(new RollbackStarted(new() { Project = "", Revision = "" }, ""), CoreJson.Default.RollbackStarted),
        [typeof(RunRecord)] = Of(new RunRecord { Id = "", StartedAt = default, Plan = new() { Project = "", Revision = "" } }, CoreJson.Default.RunRecord),
        [typeof(RunStarted)] = Of(new RunStarted(new() { Project = "", Revision = "" }, null, ""), CoreJson.Default.RunStarted),
        [typeof(StepFailed)] = Of(new StepFailed(0, false, default, "", null, null), CoreJson.Default.StepFailed),
        [typeof(ObservedState)] = Of(new ObservedState { At = default, Engine = new("", "", "", "", "") }, CoreJson.Default.ObservedState),
        [typeof(ObservedContainer)] = Of(new ObservedContainer { Id = "", Name = "", Image = "", ImageId = "", Status = default }, CoreJson.Default.ObservedContainer),
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

    private static Lazy<JsonObject> Of<T>(T value, JsonTypeInfo<T> type) => new(() => JsonSerializer.SerializeToNode(value, type)!.AsObject());
}
