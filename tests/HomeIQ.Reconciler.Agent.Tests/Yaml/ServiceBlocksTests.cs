using System.Text;
using CsCheck;
using HomeIQ.Reconciler.Agent.Tests.Compose;
using HomeIQ.Reconciler.Proposing;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Yaml;

/// <summary>The suspects' blocks as they were, every other line byte for byte as it is.</summary>
public sealed class ServiceBlocksTests
{
    private static readonly string Versions = File.ReadAllText(Path.Combine(ComposeFilesTests.RepositoryRoot(), "desired-state", "compose.versions.yaml"));

    [Fact]
    public void One_line_of_HomeIQs_versions_goes_back_and_the_others_stay()
    {
        var bad = Versions.Replace("influxdb:2.7.12 }", "influxdb:2.8.0 } # at last", StringComparison.Ordinal).Replace("data-api:1.0.0", "data-api:1.1.0", StringComparison.Ordinal);

        Assert.Equal(Versions.Replace("data-api:1.0.0", "data-api:1.1.0", StringComparison.Ordinal), Restored(bad, Versions, "influxdb"));
    }

    [Fact]
    public void A_service_that_the_bad_commit_added_goes_and_the_heading_above_it_stays()
    {
        var bad = Versions.Replace("  # Collectors\n", "  # Collectors\n  # A new one.\n  rain-gauge: { image: homeiq/rain-gauge:1.0.0 }\n", StringComparison.Ordinal);

        Assert.Equal(Versions, Restored(bad, Versions, "rain-gauge"));
    }

    [Fact]
    public void Services_that_the_bad_commit_removed_with_their_heading_come_back_where_they_were()
    {
        var at = Versions.IndexOf("\n  # Profile test", StringComparison.Ordinal);

        Assert.Equal(Versions, Restored(Versions[..at], Versions, "home-assistant-test", "websocket-ingestion-test"));
    }

    [Fact]
    public void A_service_that_was_removed_below_its_heading_comes_back_below_it()
    {
        var bad = Versions.Replace("  influxdb: { image: influxdb:2.7.12 }\n", "", StringComparison.Ordinal);

        Assert.Equal(Versions, Restored(bad, Versions, "influxdb"));
    }

    [Fact]
    public void A_block_goes_back_with_its_comments_and_the_neighbours_keep_theirs()
    {
        const string Good = """
            # head
            services:
              # The database.
              db:
                image: db:1   # pinned
                # no ports:
                environment:
                  - A=1

                  # B is not set
              # The web.
              web:
                image: web:1
                environment:
                  - A=1

            volumes: {}
            """;
        const string Bad = """
            # new head
            services:
              # The database, upgraded.
              # With care.
              db:
                image: db:2
                ports: ["1:1"]

                environment:
                  - A=1
              # The web, upgraded.
              web:
                image: web:2
                environment:
                  - A=1

            volumes: {x: {}}
            """;

        Assert.Equal(
            """
            # new head
            services:
              # The database.
              db:
                image: db:1   # pinned
                # no ports:
                environment:
                  - A=1

                  # B is not set
              # The web, upgraded.
              web:
                image: web:2
                environment:
                  - A=1

            volumes: {x: {}}
            """,
            Restored(Bad, Good, "db"));
    }

    [Theory]
    [InlineData("services:\n  a: {image: a:1}\n  b: {image: b:1}\n", "services:\n  a: {image: a:2}\n  b: {image: b:1}\n")] // flow
    [InlineData("services:\n  a: {image: a:1,\n    user: x}\n  b: {image: b:1}", "services:\n  a: {image: a:2}\n  b: {image: b:1}")] // flow over lines, no line break at the end
    [InlineData("services:\n  b: {image: b:1}\n  a: {image: a:1}", "services:\n  b: {image: b:1}\n  a: {image: a:2}")] // last in the file
    [InlineData("services:\r\n  a:\r\n    image: a:1\r\n  b:\r\n    image: b:1\r\n", "services:\r\n  a:\r\n    image: a:2\r\n    user: x\r\n  b:\r\n    image: b:1\r\n")]
    [InlineData("services:\n    a:\n          image: a:1\n    b: {image: b:1}\n", "services:\n    a: {image: a:2}\n    b: {image: b:1}\n")] // other indents
    [InlineData("services:\n  \"a\":\n    image: a:1\n  'b': {image: b:1}\n", "services:\n  a:\n    image: a:2\n  'b': {image: b:1}\n")] // quoted keys
    [InlineData("services:\n  a:\n    command: |\n      x\n      # no comment\n\n  b: {image: b:1}\n", "services:\n  a:\n    command: >-\n      y\n\n  b: {image: b:1}\n")]
    [InlineData("services:\n  a:\n  b: {image: b:1}\n", "services:\n  a: {image: a:2}\n  b: {image: b:1}\n")] // empty
    [InlineData("services:\n  a: &x\n    image: a:1\n  b: {image: b:1}\n", "services:\n  a: &x\n    image: a:2\n  b: {image: b:1}\n")] // an anchor that nobody uses
    [InlineData("x: &x {user: u}\nservices:\n  a:\n    <<: *x\n    image: a:1\n", "x: &x {user: u}\nservices:\n  a:\n    <<: *x\n    image: a:2\n")]
    [InlineData("services:\n  a: !override\n    image: a:1\n", "services:\n  a: !reset null\n")]
    [InlineData("\uFEFFservices:\n  a: {image: a:1}\n", "\uFEFFservices:\n  a: {image: a:2}\n")]
    [InlineData("---\nservices:\n  a: {image: a:1}\n...\n", "---\nservices:\n  a: {image: a:2}\n...\n")]
    [InlineData("services:\n  a: {image: a:1}\nnetworks: {}\n", "services:\n  a: {image: a:2}\n  # the end\nnetworks: {}\n")] // what stands between is nobody's
    [InlineData("services:\n  b: {image: b:1}\n\n\n  a: {image: a:1}\n", "services:\n  b: {image: b:1}\n")]
    [InlineData("services:\n  a:\n    image: a:1\n    user: u\n  b:\n    image: b:1\n    user: u\n", "services:\n  b:\n    image: b:1\n    user: u\n  a:\n    image: a:2\n    user: u\n")]
    public void What_changed_in_a_alone_reads_as_before(string good, string bad)
    {
        var restored = Restored(bad, good, "a");

        var others = bad.Contains("# the end", StringComparison.Ordinal) ? good.Replace("networks", "  # the end\nnetworks", StringComparison.Ordinal)
            : bad.StartsWith("services:\n  b:\n", StringComparison.Ordinal) ? "services:\n  b:\n    image: b:1\n    user: u\n  a:\n    image: a:1\n    user: u\n" : good;
        Assert.Equal(others, restored);
    }

    [Theory]
    [InlineData("x: &x {user: u}\nservices:\n  a: {<<: *x, image: a:1}\n", "services:\n  a: {image: a:2}\n", "with the old blocks put back, it is no sound YAML (the anchor `&x` is not defined before this alias)")]
    [InlineData("x: &x {user: u}\nservices:\n  a: {<<: *x, image: a:1}\n", "x: &x {user: v}\nservices:\n  a: {<<: *x, image: a:2}\n", "the old block of a would not say what it said before: it shares an anchor with what has changed")]
    [InlineData("services:\n  a: &a {image: x:1}\n  b: *a\n", "services:\n  a: &a {image: x:2}\n  b: *a\n", "b would change with it: it shares an anchor with a suspect")]
    [InlineData("services:\n  a: &a {image: x:1}\nx-b: 1\n", "services:\n  a: &a {image: x:2}\nx-b: *a\n", "`x-b` would change with it: it shares an anchor with a suspect")]
    [InlineData("services:\n  a: {image: a:1}\n", "services: {a: {image: a:2}}\n", "`services` is not written as one entry a line")]
    [InlineData("services: {a: {image: a:1}}\n", "services:\n  a: {image: a:2}\n", "`services` is not written as one entry a line")]
    [InlineData("{services: {a: {image: a:1}}}\n", "services:\n  a: {image: a:2}\n", "it is not written as `key: value` lines")]
    [InlineData("services:\n  ? a\n  : {image: a:1}\n", "services:\n  a: {image: a:2}\n", "the entry `a` does not begin its line")]
    [InlineData("x: &x\n  a: {image: a:1}\nservices:\n  <<: *x\n  b: {image: b:1}\n", "services:\n  a: {image: a:2}\n", "`services` takes entries over from an anchor")]
    [InlineData("services:\n  a: {image: a:1}\n", "services:\n  a: {image: a:2\n", "it is no sound YAML (this is not YAML: `,` or `}` was expected here)")]
    [InlineData("services:\n  a: {image: a:1}\n", "services:\n  a: {image: a:2}\n  a: {image: a:3}\n", "it is no sound YAML (the key `a` is already there at 2:3)")]
    [InlineData("services:\n  b: {image: b:1}\n", "services:\n  a: {image: a:2}\n", "no service would be left")]
    [InlineData("services:\n  a: {image: a:1}\n", "name: x\n", "it has no `services` any more")]
    [InlineData("services:\n  a: {image: a:1}\n", "", "it holds no `services`")]
    [InlineData("services:\r  a: {image: a:1}\r", "services:\n  a: {image: a:2}\n", "it has line breaks that are neither LF nor CR LF")]
    public void What_cannot_be_put_back_safely_is_said_instead(string good, string bad, string reason) =>
        Assert.Equal(new Restoration.NotLocated(reason), ServiceBlocks.Restore(Encoding.UTF8.GetBytes(bad), Encoding.UTF8.GetBytes(good), Suspects("a")));

    [Fact]
    public void Any_part_of_the_suspects_put_back_reads_as_if_only_the_others_had_changed() => Gen.Select(Edits, Gen.Bool.Array[6]).Sample(
        (edit, chosen) =>
        {
            var suspects = Suspects([.. Enumerable.Range(0, edit.Before.Length).Where(index => chosen[index]).Select(index => $"s{index}")]);
            var mixed = edit.Before.Select((version, index) => chosen[index] ? version : edit.After[index]).ToArray();
            var outcome = ServiceBlocks.Restore(Encoding.UTF8.GetBytes(edit.Text(edit.After)), Encoding.UTF8.GetBytes(edit.Text(edit.Before)), suspects);
            var (expected, found) = (edit.Text(mixed), Assert.IsType<Restoration.Restored>(outcome).Text);
            if (edit.Alike)
            {
                // Which of two equal comments was meant, nobody can tell.
                (expected, found) = (WithoutComments(expected), WithoutComments(found));
            }

            if (Enumerable.Range(0, 6).Any(index => chosen[index] && edit.After[index] == 0) && Enumerable.Range(0, 6).Any(index => !chosen[index] && edit.Before[index] == 0))
            {
                // In which order one that comes back and one that is new stand, neither text says.
                (expected, found) = (Sorted(expected), Sorted(found));
            }

            Assert.Equal(expected, found);
        },
        iter: 5000);

    /// <summary>A stack of six services, each in one of some versions (0 = not there) and forms, before and after; the first is always there.</summary>
    private static Gen<Edit> Edits => Gen.Select(Versions0to3, Versions0to3, Gen.Int[0, 3].Array[6], Gen.Bool, Gen.Bool).Select((before, after, forms, windows, alike) => new Edit(before, after, forms, windows, alike));

    private static Gen<int[]> Versions0to3 => Gen.Int[0, 3].Array[6].Select(versions => (int[])[Math.Max(1, versions[0]), .. versions[1..]]);

    private static string Restored(string bad, string good, params string[] suspects)
    {
        var outcome = ServiceBlocks.Restore(Encoding.UTF8.GetBytes(bad), Encoding.UTF8.GetBytes(good), Suspects(suspects));
        return (outcome as Restoration.Restored)?.Text ?? outcome.ToString();
    }

    private static string WithoutComments(string text) => string.Join('\n', text.Split('\n').Where(line => line.Trim() is not (['#', ..] or "")));

    private static string Sorted(string text) => string.Join('\n', text.Split('\n').Order(StringComparer.Ordinal));

    private static HashSet<string> Suspects(params string[] names) => names.ToHashSet(StringComparer.Ordinal);

    private sealed record Edit(int[] Before, int[] After, int[] Forms, bool Windows, bool Alike)
    {
        public string Text(int[] versions)
        {
            var text = "# head\nservices:\n" + string.Concat(versions.Select((version, index) => version == 0 ? "" : Block(index, version))) + "\nvolumes: {}\n";
            return Windows ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : text;
        }

        private string Own(int index) => Alike ? "" : $" on s{index}";

        // Lines that are alike in all services are what a comparison of lines goes wrong on.
        private string Block(int index, int version) => Forms[index] switch
        {
            0 => $"  s{index}: {{ image: i:{version} }}\n",
            1 => $"  # comment {version}{Own(index)}\n  s{index}:\n    image: i:{version}\n    restart: always\n",
            2 => $"\n  s{index}:\n    restart: always\n{string.Concat(Enumerable.Repeat("    # note\n", version))}    image: i:{version}\n    # tail\n",
            _ => $"  # same{Own(index)}\n  s{index}: {{ image: i:{version},\n    restart: always }} # {version}\n",
        };
    }
}
