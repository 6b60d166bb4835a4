using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Proposing;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>Puts the blocks of some services in a YAML file back as they were in an older text of it.</summary>
/// <remarks>The answer is read again before it is given: the suspects must say what they said before and all else what it says now, or there is no answer.</remarks>
public static class ServiceBlocks
{
    private const string Services = "services";

    /// <param name="bad">The file's bytes now.</param>
    /// <param name="good">The file's bytes then.</param>
    /// <param name="suspects">Names of services; those that are in neither text do not matter.</param>
    public static Restoration Restore(byte[] bad, byte[] good, IReadOnlySet<string> suspects)
    {
        var (now, before) = (Document.Read(bad), Document.Read(good));
        if ((now.Problem ?? before.Problem) is { } problem)
        {
            return new Restoration.NotLocated(problem);
        }

        if (now.Mapped!.Services.Count == 0 && before.Mapped!.Services.Any(service => suspects.Contains(service.Service)))
        {
            return new Restoration.NotLocated("it has no `services` any more");
        }

        var restoration = BlockRestoration.Restore(now.Mapped, before.Mapped!, suspects);
        if (restoration is not Restoration.Restored { Text: var text })
        {
            return restoration;
        }

        text = now.Mark + text;
        var after = Document.Read(Encoding.UTF8.GetBytes(text));
        return after.Root is null ? new Restoration.NotLocated($"with the old blocks put back, {after.Problem}")
            : Difference(after.Root, now.Root!, before.Root!, suspects) is { } difference ? new Restoration.NotLocated(difference)
            : new Restoration.Restored(text);
    }

    /// <summary>Null when the suspects are as before and all else is as now.</summary>
    private static string? Difference(YamlMapping after, YamlMapping now, YamlMapping before, IReadOnlySet<string> suspects)
    {
        if ((now.Find(Services) is YamlMapping) != (after.Find(Services) is YamlMapping))
        {
            return "no service would be left";
        }

        foreach (var name in Names(after).Union(Names(now)).Union(Names(before)).Where(suspects.Contains))
        {
            if (!Same(Service(after, name), Service(before, name)))
            {
                return $"the old block of {name} would not say what it said before: it shares an anchor with what has changed";
            }
        }

        foreach (var name in Names(after).Union(Names(now)).Where(name => !suspects.Contains(name)))
        {
            if (!Same(Service(after, name), Service(now, name)))
            {
                return $"{name} would change with it: it shares an anchor with a suspect";
            }
        }

        var others = after.Entries.Concat(now.Entries).Select(entry => entry.Key.Text).Where(key => key != Services);
        return others.FirstOrDefault(key => !Same(after.Find(key), now.Find(key))) is { } other ? $"`{other}` would change with it: it shares an anchor with a suspect" : null;
    }

    private static IEnumerable<string> Names(YamlMapping root) => root.Find(Services) is YamlMapping services ? services.Entries.Select(entry => entry.Key.Text) : [];

    private static YamlNode? Service(YamlMapping root, string name) => (root.Find(Services) as YamlMapping)?.Find(name);

    /// <summary>Whether two nodes say the same, wherever they stand.</summary>
    private static bool Same(YamlNode? left, YamlNode? right) => (left, right) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (YamlScalar a, YamlScalar b) => a.Text == b.Text && a.IsPlain == b.IsPlain && a.Tag == b.Tag,
        (YamlSequence a, YamlSequence b) => a.Tag == b.Tag && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => Same(pair.First, pair.Second)),
        (YamlMapping a, YamlMapping b) => a.Tag == b.Tag && a.Entries.Count == b.Entries.Count
            && a.Entries.Zip(b.Entries).All(pair => pair.First.Key.Text == pair.Second.Key.Text && Same(pair.First.Value, pair.Second.Value)),
        _ => false,
    };

    /// <summary>A text with its nodes and the lines of its services, or why it cannot be worked on.</summary>
    /// <param name="Mark">The byte order mark at its beginning, or nothing.</param>
    private sealed record Document(string Mark, YamlMapping? Root, MappedText? Mapped, string? Problem)
    {
        public static Document Read(byte[] bytes)
        {
            var problems = new List<Problem>();
            var root = YamlReader.Read(bytes, "", problems);
            if (problems.Count > 0)
            {
                return Unusable($"it is no sound YAML ({problems[0].Message})");
            }

            if (root is not YamlMapping mapping)
            {
                return Unusable("it holds no `services`");
            }

            var text = Encoding.UTF8.GetString(bytes);
            var mark = text.StartsWith('\uFEFF') ? text[..1] : "";
            var (mapped, reason) = YamlOutline.Of(text[mark.Length..]);
            return mapped is null ? Unusable(reason) : new Document(mark, mapping, mapped, null);
        }

        private static Document Unusable(string reason) => new("", null, null, reason);
    }
}
