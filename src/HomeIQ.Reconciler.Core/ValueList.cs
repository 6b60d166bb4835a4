using System.Collections;
using System.Runtime.CompilerServices;

namespace HomeIQ.Reconciler;

/// <summary>A list that is a value: equal when its items are equal, and never changed once it has been handed out.</summary>
/// <remarks><c>ICollection</c> is implemented for the JSON source generator alone, which fills a new list before anyone else sees it.</remarks>
[CollectionBuilder(typeof(ValueList), nameof(ValueList.Create))]
public sealed class ValueList<T> : IReadOnlyList<T>, ICollection<T>, IEquatable<ValueList<T>>
{
    public static readonly ValueList<T> Empty = new();

    private readonly List<T> items = [];

    public ValueList()
    {
    }

    public ValueList(IEnumerable<T> items) => this.items.AddRange(items);

    internal ValueList(ReadOnlySpan<T> items) => this.items.AddRange(items);

    public int Count => items.Count;

    bool ICollection<T>.IsReadOnly => false;

    public T this[int index] => items[index];

    public static bool operator ==(ValueList<T>? left, ValueList<T>? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(ValueList<T>? left, ValueList<T>? right) => !(left == right);

    public bool Contains(T item) => items.Contains(item);

    public void CopyTo(T[] array, int arrayIndex) => items.CopyTo(array, arrayIndex);

    void ICollection<T>.Add(T item) => items.Add(item);

    void ICollection<T>.Clear() => throw new NotSupportedException("A value does not change.");

    bool ICollection<T>.Remove(T item) => throw new NotSupportedException("A value does not change.");

    public bool Equals(ValueList<T>? other) => other is not null && (ReferenceEquals(this, other) || items.SequenceEqual(other.items));

    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var item in items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", items)}]";

    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => items.GetEnumerator();
}

/// <summary>Builds <see cref="ValueList{T}"/> from collection expressions and sequences.</summary>
public static class ValueList
{
    public static ValueList<T> Create<T>(ReadOnlySpan<T> items) => items.IsEmpty ? ValueList<T>.Empty : new(items);

    public static ValueList<T> ToValueList<T>(this IEnumerable<T> items) => items as ValueList<T> ?? new(items);
}
