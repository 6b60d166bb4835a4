namespace HomeIQ.Reconciler.Planning;

public sealed class PlanDraftTests
{
    [Fact]
    public void What_comes_last_waits_for_everything_also_when_wishes_cannot_be_granted()
    {
        var draft = new PlanDraft();
        var (one, other, third) = (Step(draft, "one"), Step(draft, "other"), Step(draft, "third"));
        one.PreferablyAfter(other);
        other.PreferablyAfter(one);
        third.PreferablyAfter(one);
        draft.AfterEverything(draft.Add(new Promote("c"), "", Section.Promote));

        Assert.Equal([1, 2, 3], draft.Numbered()![^1].After);
    }

    [Fact]
    public void What_comes_last_names_only_those_for_whom_nobody_else_waits()
    {
        var draft = new PlanDraft();
        var (one, other, third) = (Step(draft, "one"), Step(draft, "other"), Step(draft, "third"));
        other.After(one);
        third.PreferablyAfter(other);
        draft.AfterEverything(draft.Add(new Promote("c"), "", Section.Promote));

        Assert.Equal([3], draft.Numbered()![^1].After);
    }

    private static DraftStep Step(PlanDraft draft, string service) => draft.Add(new StartContainer(service, new(service, service)), "", Section.Move);
}
