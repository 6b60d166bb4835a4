using System.Numerics;

namespace HomeIQ.Reconciler.Desired;

/// <summary>A pinned image reference taken apart: <c>repository[:tag][@digest]</c>.</summary>
public sealed record ImagePin(string Repository, string? Tag, string? Digest)
{
    private static readonly HashSet<string> FloatingTags = new(StringComparer.OrdinalIgnoreCase)
    {
        "latest", "stable", "edge", "nightly", "main", "master", "rolling", "dev", "devel", "develop", "development", "head", "trunk", "mainline",
        "next", "canary", "beta", "alpha", "testing", "unstable", "snapshot", "lts", "current", "release",
    };

    public static ImagePin Parse(string reference)
    {
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        var digest = at < 0 ? null : reference[(at + 1)..];
        var name = at < 0 ? reference : reference[..at];

        // A colon before the last slash belongs to the registry's port.
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? new(name[..colon], name[(colon + 1)..], digest) : new(name, null, digest);
    }

    /// <summary>True when the same text can mean another image tomorrow by everyone's custom: no tag, <c>latest</c>, <c>stable-alpine</c>; never with a digest.</summary>
    public bool IsFloating
    {
        get
        {
            if (Digest is not null)
            {
                return false;
            }

            if (Tag is null)
            {
                return true;
            }

            var word = Tag.Split('-', 2);
            return FloatingTags.Contains(word[0]) && (word.Length == 1 || !word[1].Any(char.IsAsciiDigit));
        }
    }

    /// <summary>The same repository and tag; only a digest was added, taken away or replaced.</summary>
    public bool DiffersOnlyInDigest(ImagePin other) => Repository == other.Repository && Tag == other.Tag && Digest != other.Digest;

    /// <summary>True when both tags of one repository begin with version numbers and this one's is lower. What cannot be compared is not lower.</summary>
    public bool IsLowerThan(ImagePin other)
    {
        if (Repository != other.Repository || Tag is null || other.Tag is null || Version(Tag) is not { Count: > 0 } mine || Version(other.Tag) is not { Count: > 0 } theirs)
        {
            return false;
        }

        foreach (var (left, right) in mine.Zip(theirs))
        {
            if (left != right)
            {
                return left < right;
            }
        }

        // 2.7 after 2.7.12 may be the same or a later one: nobody knows.
        return false;
    }

    /// <summary>The leading numbers of a tag: <c>v2.7.12-alpine</c> is 2, 7, 12; a commit's id that happens to begin with a digit is none.</summary>
    private static List<BigInteger> Version(string tag)
    {
        var numbers = new List<BigInteger>();
        var position = tag.Length > 1 && tag[0] is 'v' or 'V' ? 1 : 0;
        while (position < tag.Length && char.IsAsciiDigit(tag[position]))
        {
            var start = position;
            while (position < tag.Length && char.IsAsciiDigit(tag[position]))
            {
                position++;
            }

            if (position < tag.Length && tag[position] is not ('.' or '-' or '_' or '+'))
            {
                break;
            }

            numbers.Add(BigInteger.Parse(tag.AsSpan(start, position - start)));
            if (position >= tag.Length || tag[position] != '.')
            {
                break;
            }

            position++;
        }

        return numbers;
    }
}
