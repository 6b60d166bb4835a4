using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace HomeIQ.Reconciler;

/// <summary>A map from text to values that is itself a value: sorted by key (ordinal), equal when its pairs are equal.</summary>
/// <remarks><c>IDictionary</c> is implemented for the JSON source generator alone, which fills a new map before anyone else sees it.</remarks>
public sealed class ValueMap<TValue> : IReadOnlyDictionary<string, TValue>, IDictionary<string, TValue>, IEquatable<ValueMap<TValue>>
{
    public static readonly ValueMap<TValue> Empty = new();

    private readonly SortedDictionary<string, TValue> pairs = new(StringComparer.Ordinal);

    public ValueMap()
    {
    }

    public ValueMap(IEnumerable<KeyValuePair<string, TValue>> pairs)
    {
        foreach (var (key, value) in pairs)
        {
            this.pairs[key] = value;
        }
    }

    public int Count => pairs.Count;

    public IEnumerable<string> Keys => pairs.Keys;

    public IEnumerable<TValue> Values => pairs.Values;

    ICollection<string> IDictionary<string, TValue>.Keys => pairs.Keys;

    ICollection<TValue> IDictionary<string, TValue>.Values => pairs.Values;

    bool ICollection<KeyValuePair<string, TValue>>.IsReadOnly => false;

    public TValue this[string key] => pairs[key];

    TValue IDictionary<string, TValue>.this[string key]
    {
        get => pairs[key];
        set => pairs[key] = value;
    }

    public static bool operator ==(ValueMap<TValue>? left, ValueMap<TValue>? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(ValueMap<TValue>? left, ValueMap<TValue>? right) => !(left == right);

    public bool ContainsKey(string key) => pairs.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out TValue value) => pairs.TryGetValue(key, out value);

    /// <summary>The same map with one pair more, or one value replaced.</summary>
    public ValueMap<TValue> With(string key, TValue value) => new([.. pairs, KeyValuePair.Create(key, value)]);

    /// <summary>The same map without a key.</summary>
    public ValueMap<TValue> Without(string key) => new(pairs.Where(pair => pair.Key != key));

    public bool Equals(ValueMap<TValue>? other) =>
        other is not null && (ReferenceEquals(this, other) || (pairs.Count == other.pairs.Count && pairs.SequenceEqual(other.pairs)));

    public override bool Equals(object? obj) => Equals(obj as ValueMap<TValue>);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var (key, value) in pairs)
        {
            hash.Add(key, StringComparer.Ordinal);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"{{{string.Join(", ", pairs.Select(pair => $"{pair.Key}={pair.Value}"))}}}";

    void IDictionary<string, TValue>.Add(string key, TValue value) => pairs.Add(key, value);

    void ICollection<KeyValuePair<string, TValue>>.Add(KeyValuePair<string, TValue> item) => pairs.Add(item.Key, item.Value);

    bool ICollection<KeyValuePair<string, TValue>>.Contains(KeyValuePair<string, TValue> item) => pairs.Contains(item);

    void ICollection<KeyValuePair<string, TValue>>.CopyTo(KeyValuePair<string, TValue>[] array, int arrayIndex) => pairs.CopyTo(array, arrayIndex);

    bool IDictionary<string, TValue>.Remove(string key) => throw new NotSupportedException("A value does not change.");

    bool ICollection<KeyValuePair<string, TValue>>.Remove(KeyValuePair<string, TValue> item) => throw new NotSupportedException("A value does not change.");

    void ICollection<KeyValuePair<string, TValue>>.Clear() => throw new NotSupportedException("A value does not change.");

    public IEnumerator<KeyValuePair<string, TValue>> GetEnumerator() => pairs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => pairs.GetEnumerator();
}
