using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>The keyed digest of what a service's container is made from: 32 hex digits, safe to put into a label, since without the host's key no secret can be guessed from it.</summary>
public static class SpecDigest
{
    public static string Of(DesiredService service, ReadOnlySpan<byte> key) => Keyed(Fields(service), key);

    internal static IEnumerable<KeyValuePair<string, string>> Fields(DesiredService service) =>
        SpecFields.Of(service.Spec).Prepend(new("container_name", service.ContainerName));

    /// <summary>HMAC-SHA256 over length-prefixed texts, so that no two lists of pairs read alike.</summary>
    internal static string Keyed(IEnumerable<KeyValuePair<string, string>> pairs, ReadOnlySpan<byte> key)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        foreach (var (name, value) in pairs)
        {
            Append(hmac, name);
            Append(hmac, value);
        }

        return Convert.ToHexStringLower(hmac.GetHashAndReset().AsSpan(0, 16));
    }

    private static void Append(IncrementalHash hmac, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hmac.AppendData(length);
        hmac.AppendData(bytes);
    }
}
