using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

public class JsonTests
{
    [Fact]
    public void A_plan_is_the_same_after_it_was_stored()
    {
        var json = PlanJson.Write(Samples.Plan);
        var read = PlanJson.Read(json);

        Assert.Equal(Samples.Plan, read);

        // Equality leaves causes out; the text does not.
        Assert.Equal(json, PlanJson.Write(read));
        Assert.Equal(PlanText.Of(Samples.Plan), PlanText.Of(read));
    }

    [Fact]
    public void An_effective_state_is_the_same_after_it_was_sealed()
    {
        var json = EffectiveStateJson.Write(Samples.Effective);
        var read = EffectiveStateJson.Read(json);

        Assert.Equal(Samples.Effective, read);
        Assert.Equal(json, EffectiveStateJson.Write(read));
        Assert.Equal(Samples.Service.Position, read.Services[0].Service.Position);
    }

    [Fact]
    public void Every_journal_entry_is_the_same_after_it_was_written()
    {
        Assert.All(Samples.Entries, entry => Assert.Equal(entry with { At = Stacks.Start }, JournalJson.Read(JournalJson.Write(entry), Stacks.Start)));
    }

    [Fact]
    public void A_host_that_was_looked_at_can_be_kept_as_a_file()
    {
        var json = JsonSerializer.Serialize(Samples.Observed, CoreJson.Default.ObservedState);

        Assert.Equal(Samples.Observed, JsonSerializer.Deserialize(json, CoreJson.Default.ObservedState));
    }

    [Fact]
    public void A_quarantine_entry_is_the_same_after_it_was_stored()
    {
        var entry = new QuarantineEntry("q-1", "run-1", Stacks.New, Stacks.Start, new([new("influxdb", "d1")]), "influxdb", "never healthy", Stacks.Start.AddHours(1));

        Assert.Equal(entry, JournalJson.ReadQuarantine(JournalJson.Write(entry)));
    }

    [Fact]
    public void Every_decision_is_the_same_after_it_was_written()
    {
        Assert.All(Samples.Decisions, decision => Assert.Equal(decision with { At = Stacks.Start }, JournalJson.ReadDecision(JournalJson.Write(decision), Stacks.Start)));
    }

    [Fact]
    public void Every_kind_of_value_has_a_sample_and_a_name_in_the_json()
    {
        AssertComplete<Step>(Samples.Steps);
        AssertComplete<Change>(Samples.Changes);
        AssertComplete<Receipt>(Samples.Receipts);
        AssertComplete<JournalEntry>(Samples.Entries);
        AssertComplete<Decision>(Samples.Decisions);
        AssertComplete<Probe>(Samples.Service.Policy.Probes);
    }

    [Fact]
    public void The_samples_leave_no_property_at_its_default()
    {
        AssertAllSet(Samples.Spec, new ContainerSpec { Image = "" }, CoreJson.Default.ContainerSpec);
        AssertAllSet(Samples.Network, new DesiredNetwork(""), CoreJson.Default.DesiredNetwork);
        AssertAllSet(Samples.Service.Policy, new ServicePolicy(), CoreJson.Default.ServicePolicy);
    }

    [Fact]
    public void A_property_that_an_older_version_did_not_write_has_its_default()
    {
        var state = EffectiveStateJson.Read(
            """
            {"project":"p","revision":"r","services":[{"service":{"name":"a","containerName":"a","spec":{"image":"a:1","mounts":[{"kind":"Bind","source":"/a","target":"/b"}]},
            "policy":{"probes":[{"probe":"tcp","port":1}]}},"specDigest":"d","imageId":"i","containerId":"c","recorded":{}}]}
            """u8);
        var service = new DesiredService
        {
            Name = "a",
            ContainerName = "a",
            Spec = new() { Image = "a:1", Mounts = [new(MountKind.Bind, "/a", "/b")] },
            Policy = new() { Probes = [new TcpProbe(1)] },
        };

        Assert.Equal(new EffectiveState { Project = "p", Revision = "r", Services = [new(service, "d", "i", null, "c", ValueMap<string>.Empty)] }, state);
    }

    [Fact]
    public void What_makes_a_value_at_all_must_be_there() =>
        Assert.Throws<JsonException>(() => EffectiveStateJson.Read("""{"revision":"r"}"""u8));

    [Fact]
    public void Every_type_whose_properties_have_initial_values_is_among_the_defaults()
    {
        var seen = new HashSet<Type>();
        var open = new Stack<Type>([typeof(Plan), typeof(EffectiveState), typeof(JournalEntry), typeof(ObservedState), typeof(RunRecord)]);
        var missing = new List<string>();
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next))
            {
                continue;
            }

            var type = CoreJson.Default.Options.GetTypeInfo(next);
            foreach (var found in type.Properties.Select(property => property.PropertyType).Append(type.ElementType).Concat(type.PolymorphismOptions?.DerivedTypes.Select(kind => kind.DerivedType) ?? []).OfType<Type>())
            {
                open.Push(found);
            }

            if (type.Properties.Any(JsonDefaults.IsOptional) && !JsonDefaults.Knows(next))
            {
                missing.Add(next.Name);
            }
        }

        Assert.Empty(missing);
        Assert.Contains(typeof(HealthCheck), seen);
    }

    [Fact]
    public void Json_has_lengths_of_time_as_people_write_them_and_names_in_camel_case()
    {
        Snapshot.Matches(JsonSerializer.Serialize(Samples.Service, CoreJson.Indented.DesiredService));
    }

    [Fact]
    public void The_json_of_a_plan_is_stable() => Snapshot.Matches(PlanJson.WriteIndented(Samples.Plan));

    [Theory]
    [InlineData("0s", 0)]
    [InlineData("200ms", 200)]
    [InlineData("1.5s", 1500)]
    [InlineData("30s", 30_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("-1m", -60_000)]
    public void Durations_read_as_people_write_them(string text, int milliseconds)
    {
        Assert.Equal(text, Duration.ToText(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Duration.Parse(text));
    }

    [Fact]
    public void Durations_lose_nothing()
    {
        long[] ticks = [1, 9_999_999, 10_000_001, long.MaxValue, long.MinValue, 36_000_000_001];

        Assert.All(ticks, tick => Assert.Equal(new TimeSpan(tick), Duration.Parse(Duration.ToText(new TimeSpan(tick)))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("5 s")]
    [InlineData("s")]
    [InlineData("1.2.3s")]
    [InlineData("99999999999999999999h")]
    public void What_is_no_duration_is_refused(string text) => Assert.Null(Duration.Parse(text));

    private static void AssertComplete<T>(IEnumerable<T> samples)
    {
        var kinds = typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T))).Select(type => type.Name).Order(StringComparer.Ordinal);
        var named = typeof(T).GetCustomAttributes(false).OfType<JsonDerivedTypeAttribute>().Select(kind => kind.DerivedType.Name).Order(StringComparer.Ordinal);

        Assert.Equal(kinds, named);
        Assert.Equal(kinds, samples.Select(sample => sample!.GetType().Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    private static void AssertAllSet<T>(T sample, T plain, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        var set = JsonSerializer.SerializeToNode(sample, type)!.AsObject();
        var unset = JsonSerializer.SerializeToNode(plain, type)!.AsObject();

        Assert.Equal(type.Properties.Where(property => property.Set is not null).Select(property => property.Name).Order(StringComparer.Ordinal), set.Select(pair => pair.Key).Order(StringComparer.Ordinal));
        Assert.All(set, pair => Assert.False(JsonNode.DeepEquals(pair.Value, unset[pair.Key]), $"{pair.Key} has its default"));
    }
}
