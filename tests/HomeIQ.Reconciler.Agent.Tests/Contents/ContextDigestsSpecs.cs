using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Contents;

public sealed class ContextDigestsSpecs
{
    private static readonly BuildSpec Build = new() { Context = "", Dockerfile = "services/api/Dockerfile", Digest = "" };

    private static MemoryTree Repository() => new()
    {
        [".dockerignore"] = "desired-state\n",
        ["desired-state/compose.versions.yaml"] = "services: {}",
        ["services/api/Dockerfile"] = "FROM scratch",
        ["services/api/main.py"] = "print(1)",
    };

    [Fact]
    public void What_dockerignore_leaves_out_is_no_source()
    {
        var (before, after) = (Repository(), Repository());
        after["desired-state/compose.versions.yaml"] = "services: {api: {image: a:2}}";

        Assert.Equal(new ContextDigests(before).Of(Build), new ContextDigests(after).Of(Build));
    }

    [Fact]
    public void A_changed_source_changes_the_digest()
    {
        var (before, after) = (Repository(), Repository());
        after["services/api/main.py"] = "print(2)";

        Assert.NotEqual(new ContextDigests(before).Of(Build), new ContextDigests(after).Of(Build));
    }

    [Fact]
    public void Services_that_share_a_context_have_its_digest()
    {
        var digests = new ContextDigests(Repository());

        Assert.Equal(digests.Of(Build), digests.Of(Build with { Arguments = new([new("A", "1")]) }));
    }

    [Fact]
    public void A_context_that_is_not_there_is_told()
    {
        var failure = Assert.Throws<IOException>(() => new ContextDigests(Repository()).Of(Build with { Context = "nowhere" }));

        Assert.Contains("nowhere", failure.Message, StringComparison.Ordinal);
    }
}
