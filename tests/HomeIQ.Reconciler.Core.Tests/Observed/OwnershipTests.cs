namespace HomeIQ.Reconciler.Observed;

public sealed class OwnershipTests
{
    /// <summary>A label with the tool's version would make every container another one after each update of the tool (compose#11335).</summary>
    [Fact]
    public void Our_labels_say_instance_service_run_revision_and_specification_and_nothing_of_the_tool() => Assert.Equal(
        ["io.homeiq.instance=house", "io.homeiq.revision=c0ffee", "io.homeiq.run=run-1", "io.homeiq.service=api", "io.homeiq.spec=d1"],
        new Ownership("house", "api", "run-1", "c0ffee", "d1").ToLabels().Select(label => $"{label.Key}={label.Value}").Order(StringComparer.Ordinal));
}
