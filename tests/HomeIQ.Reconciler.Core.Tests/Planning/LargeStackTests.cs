using System.Diagnostics;
using System.Globalization;
using HomeIQ.Reconciler.Desired;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Planning is linear: the bound is generous, some times what is measured; quadratic planning misses it by far.</summary>
public sealed class LargeStackTests
{
    private const int Many = 10_000;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private static readonly Table Stack = Installed([.. Enumerable.Range(0, Many).Select(Numbered)]).Policy(policy => policy with { Phases = [new("first", ["s00000", "s00001"]), new("second", ["s00002"])] });

    [Fact]
    public void Nothing_to_do() => Assert.Empty(Timed(Stack).Steps);

    [Fact]
    public void One_line() => Assert.Single(Timed(Stack.CommitImage("s05000", "homeiq/s05000:2.0.0")).Steps, step => step.Step is StopContainer);

    [Fact]
    public void First_install() => Assert.Equal((5 * Many) + 2, Timed(Fresh([.. Stack.Desired.Services])).Steps.Count);

    [Fact]
    public void Everything_at_once()
    {
        var plan = Timed(Stack.Commit([.. Stack.Desired.Services.Select(service => service with { Spec = service.Spec with { Image = $"homeiq/{service.Name}:2.0.0" } })]));

        Assert.Equal(Many, plan.Steps.Count(step => step.Step is StopContainer));
        Assert.All(plan.Steps.Where(step => step.Step is StopContainer).Take(20), step => Assert.NotEmpty(step.After));
    }

    [Fact]
    public void Everything_gone() => Assert.Equal(Many, Timed(Stack.Observe(observed => observed with { Containers = [] })).Steps.Count(step => step.Step is VerifyService));

    [Fact]
    public void Everything_removed() => Assert.Equal(Many, Timed(Stack.CommitWithout([.. Stack.Desired.Services.Select(service => service.Name)])).Steps.Count(step => step.Step is SetAside));

    [Fact]
    public void A_replaced_network_under_all_of_them()
    {
        Assert.Equal(Many, Timed(Stack.CommitNetwork("homeiq-network", network => network with { Internal = true })).Steps.Count(step => step.Step is StopContainer));
    }

    /// <summary>For <c>tests/bench.sh</c>, which reads the lines. Planning goes on for a while before, so that the runtime has compiled it well.</summary>
    [Theory(Explicit = true)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    public void Pace(int many)
    {
        var stack = Installed([.. Enumerable.Range(0, many).Select(Numbered)]);
        foreach (var (what, table) in new[] { ("nothing to do", stack), ("one upgrade", stack.CommitImage("s00005", "homeiq/s00005:2.0.0")), ("first install", Fresh([.. stack.Desired.Services])) })
        {
            for (var warm = Stopwatch.StartNew(); warm.Elapsed < TimeSpan.FromSeconds(1);)
            {
                Planner.PlanFor(table.Situation);
            }

            var took = Enumerable.Range(0, 11).Select(_ =>
            {
                var watch = Stopwatch.StartNew();
                Planner.PlanFor(table.Situation);
                return watch.Elapsed;
            }).Order().ElementAt(5);
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pace {many} {took.TotalMilliseconds:0.000} {what}"));
        }
    }

    /// <summary>Chains of ten, each with a port of its own.</summary>
    private static DesiredService Numbered(int number)
    {
        var service = Service($"s{number:00000}", number % 10 == 0 ? [] : [$"s{number - 1:00000}"]);
        return service with { Spec = service.Spec with { Ports = [new(80, HostPort: 20_000 + number)] } };
    }

    private static Plan Timed(Table table)
    {
        var before = Environment.CpuUsage.TotalTime;
        var plan = Planner.PlanFor(table.Situation);
        var spent = Environment.CpuUsage.TotalTime - before;

        Assert.True(spent < Bound, $"{spent.TotalSeconds:0.00} s");
        TestContext.Current.TestOutputHelper?.WriteLine($"{spent.TotalMilliseconds:0} ms");

        return plan;
    }
}
