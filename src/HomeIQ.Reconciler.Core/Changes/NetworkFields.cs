namespace HomeIQ.Reconciler.Changes;

/// <summary>The fields of an inspect that tell how a container is on a network.</summary>
public static class NetworkFields
{
    private const string Prefix = "NetworkSettings.Networks.";

    /// <summary>The field that says that it is on the network at all.</summary>
    public static string Presence(string network) => Prefix + network;

    public static ValueMap<string> Of(ValueMap<string> fields, string network) => new(fields.Where(field => IsOf(field.Key, network)));

    public static bool IsOf(string field, string network) => IsOf(field, Prefix, network);

    /// <summary>A name and perhaps a dot and more; names of networks may have dots themselves.</summary>
    internal static bool IsOf(string field, string prefix, string network) =>
        field.StartsWith(prefix, StringComparison.Ordinal) && field.AsSpan(prefix.Length).StartsWith(network, StringComparison.Ordinal)
        && (field.Length == prefix.Length + network.Length || field[prefix.Length + network.Length] == '.');
}
