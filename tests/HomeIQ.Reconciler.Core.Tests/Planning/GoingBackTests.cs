using HomeIQ.Reconciler.Desired;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A person goes back to a sealed state: the images are those of then, or the plan is refused.</summary>
public sealed class GoingBackTests
{
    private const string Image = "homeiq/a:1.0.0";

    private static readonly DesiredService A = Service("a");

    private static readonly DesiredService Ui = A with { Build = new() { Context = "ui", Dockerfile = "ui/Dockerfile", Digest = "tree-1" } };

    [Fact]
    public void An_image_that_is_there_is_taken_by_its_id()
    {
        var plan = Back(A).ImageThere(Image).Plan;

        Assert.Equal(ImageId(Image), Made(plan).ImageId);
        Assert.DoesNotContain(plan.Steps, step => step.Step is PullImage or BuildImage);
    }

    [Fact]
    public void One_that_is_gone_is_pulled_by_the_sealed_digest_and_nothing_else_is_used()
    {
        var plan = Back(A).Plan;

        Assert.Equal(Back(A).Situation.GoesBackTo!.Find("a")!.RepoDigest, Assert.Single(plan.Steps.Select(step => step.Step).OfType<PullImage>()).Image);
        Assert.Equal(ImageId(Image), Made(plan).ImageId);
        Assert.Contains("gone from the engine", plan.Cause(ShortText.Of(plan.Steps[0].Step)), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_image_of_that_name_is_not_taken_for_it()
    {
        var plan = Back(A).ImageThere(Image, new("sha256:other", ["homeiq/a@sha256:other"], null, false)).Plan;

        Assert.Contains(plan.Steps, step => step.Step is PullImage);
        Assert.Equal(ImageId(Image), Made(plan).ImageId);
    }

    public static readonly TheoryData<DesiredService, string> Lost = new()
    {
        { Ui, "built here" },
        { A with { Pull = PullPolicy.Never }, "never" },
    };

    [Theory]
    [MemberData(nameof(Lost))]
    public void One_that_cannot_be_had_again_refuses_the_plan(DesiredService service, string why)
    {
        var plan = Back(service).Plan;

        Assert.Equal(["image-gone a"], plan.Refusals.Codes());
        Assert.Contains(why, plan.Refusals[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_was_in_no_registry_refuses_the_plan()
    {
        var back = Back(A);
        var target = back.Situation.GoesBackTo!;
        target = target with { Services = [.. target.Services.Select(service => service with { RepoDigest = null })] };

        Assert.Equal(["image-gone a"], (back with { Situation = back.Situation with { GoesBackTo = target } }).Plan.Refusals.Codes());
    }

    [Fact]
    public void One_that_was_built_again_from_the_same_source_will_do()
    {
        Assert.Equal("sha256:again", Made(Back(Ui).ImageThere(Image, new("sha256:again", [], "tree-1", false)).Plan).ImageId);
        Assert.NotEmpty(Back(Ui).ImageThere(Image, new("sha256:again", [], "tree-2", false)).Plan.Refusals);
    }

    [Fact]
    public void One_that_was_built_here_is_built_again_where_its_source_is_at_hand()
    {
        var back = Back(Ui);
        var plan = (back with { Situation = back.Situation with { HasSource = true } }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.Equal("tree-1", Assert.Single(plan.Steps.Select(step => step.Step).OfType<BuildImage>()).BuildDigest);
        Assert.Null(Made(plan).ImageId);
    }

    [Fact]
    public void What_meant_another_image_then_is_changed_although_its_words_are_the_same()
    {
        var then = Installed(A);
        var now = then.Effective with { Services = [.. then.Effective.Services.Select(service => service with { ImageId = "sha256:refreshed", RepoDigest = "homeiq/a@sha256:refreshed" })] };
        var plan = (then with { Situation = then.Situation with { Effective = now, GoesBackTo = then.Effective } }).Plan;

        Assert.Equal(ImageId(Image), Made(plan).ImageId);
        Assert.Empty((then with { Situation = then.Situation with { GoesBackTo = then.Effective } }).Plan.Steps);
    }

    /// <summary>The host runs 2.0.0, and what it ran before is gone from the engine.</summary>
    private static Table Back(DesiredService service)
    {
        var then = Installed(service).Effective;
        var now = Installed(service with { Spec = service.Spec with { Image = "homeiq/a:2.0.0" }, Build = null });
        return now with { Situation = now.Situation with { Desired = then.AsDesired() with { Revision = "commit-0" }, GoesBackTo = then } };
    }

    private static CreateContainer Made(Plan plan) => Assert.Single(plan.Steps.Select(step => step.Step).OfType<CreateContainer>());
}
