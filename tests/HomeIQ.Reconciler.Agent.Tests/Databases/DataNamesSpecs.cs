using System.IO.Enumeration;

namespace HomeIQ.Reconciler.Databases;

/// <summary>What lies beside a volume is known by its name.</summary>
public class DataNamesSpecs
{
    [Theory]
    [InlineData("rows", true)]
    [InlineData("old-rows", false)]
    [InlineData("rows-old", false)]
    public void Of_two_databases_on_one_volume_neither_sweeps_away_what_is_the_others(string database, bool isOne) =>
        Assert.Equal(isOne, FileSystemName.MatchesSimpleExpression(DataNames.For(DataNames.Rehearsal, "*", "rows"), DataNames.For(DataNames.Rehearsal, "261128-170423", database)));
}
