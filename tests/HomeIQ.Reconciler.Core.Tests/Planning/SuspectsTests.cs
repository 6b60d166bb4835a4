using HomeIQ.Reconciler.Desired;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Who is blamed when a service fails: what changed in it and below it, and nobody else.</summary>
public sealed class SuspectsTests
{
    [Fact]
    public void The_failed_service_and_what_it_needs_are_suspects_and_its_dependents_are_not()
    {
        var table = Installed(Service("db"), Service("api", "db"), Service("web", "api"), Service("other"));

        Assert.Equal(["api", "db"], SuspectsOf("api", Upgraded(table, "db", "api", "web", "other")));
    }

    [Fact]
    public void What_is_needed_through_something_unchanged_is_a_suspect_too()
    {
        var table = Installed(Service("db"), Service("api", "db"), Service("web", "api"));

        Assert.Equal(["db"], SuspectsOf("web", Upgraded(table, "db")));
    }

    [Fact]
    public void The_provider_of_a_shared_namespace_is_a_suspect()
    {
        foreach (var mode in (string[])["service:vpn", "container:homeiq-vpn"])
        {
            var guest = Service("guest", "db");
            var table = Installed(Service("vpn"), Service("db"), guest with { Spec = guest.Spec with { Networks = [], NetworkMode = mode } });

            Assert.Equal(["db", "guest", "vpn"], SuspectsOf("guest", Upgraded(table, "vpn", "db", "guest")));
        }
    }

    [Fact]
    public void Who_it_restarts_with_is_a_suspect()
    {
        var page = Service("page");
        var table = Installed(Service("api"), Service("other"), page with { Policy = page.Policy with { RestartWith = ["api"] } });

        Assert.Equal(["api"], SuspectsOf("page", Upgraded(table, "api", "other")));
    }

    [Fact]
    public void A_network_that_was_replaced_under_it_is_a_suspect()
    {
        var table = Upgraded(Installed(Service("db"), Service("api", "db"), Service("other")), "db", "other").CommitNetwork("homeiq-network", network => network with { Internal = true });

        Assert.Equal(["db", "network homeiq-network"], SuspectsOf("api", table));
    }

    [Fact]
    public void All_that_changed_is_suspect_when_nothing_below_it_did() =>
        Assert.Equal(["one", "two"], SuspectsOf("web", Upgraded(Installed(Service("one"), Service("two"), Service("web")), "one", "two")));

    private static Table Upgraded(Table table, params string[] services) => services.Aggregate(table, (step, service) => step.CommitImage(service, $"homeiq/{service}:2.0.0"));

    private static IEnumerable<string> SuspectsOf(string service, Table table)
    {
        var suspects = Suspects.Of(service, table.Plan, table.Desired);
        Assert.All(suspects, suspect => Assert.Equal(table.Plan.Contents[suspect.Key], suspect.Value));
        return suspects.Keys;
    }
}
