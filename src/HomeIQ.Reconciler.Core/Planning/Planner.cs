namespace HomeIQ.Reconciler.Planning;

/// <summary>Decides what is to be done. Pure: the same situation, the same plan.</summary>
public static class Planner
{
    public static Plan PlanFor(Situation situation) => throw new NotImplementedException();
}
