using System.Globalization;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Alone on the engine, so that every one of its events counts, those on shared images too.</summary>
[Collection(nameof(Alone))]
public sealed class ReadOnlyScenarios
{
    [Fact]
    public async Task Looking_makes_no_event_in_the_engine_and_leaves_every_container_as_it_was()
    {
        await using var house = new House();
        // Without health checks, which make events of their own: whatever is seen then was done by somebody.
        const string quiet = "healthcheck: {disable: true}\n";
        house.ComposeWith("volumes: {data: }", ("app", quiet + "volumes: [data:/data]"), ("other", quiet)).Commit("Good");
        var from = Now(house);
        await house.ApplyAsync();
        Assert.Contains(Events(house, from), line => line.Contains("container create", StringComparison.Ordinal));

        house.ComposeWith(
            "volumes: {more: }\nnetworks: {side: }",
            ("app", quiet + "image: homeiq-test/app:1.1.0\nvolumes: [more:/data]\nnetworks: [default, side]"),
            ("third", quiet + $"image: homeiq-test/{house.Name}:1.0.0")).Commit("Everything changes, an image is missing");
        house.Docker("stop", "-t", "0", house.Container("other"));
        var before = List(house);
        from = Now(house);

        foreach (var verb in (string[][])[["plan"], ["plan", "-o", "json"], ["plan", "-o", "markdown"], ["diff"], ["diff", "--effective"], ["status"], ["status", "-o", "json"], ["validate"], ["history"], ["history", "-o", "markdown"], ["status", "-o", "markdown"], ["diff", "-o", "json"], ["get"], ["show"], ["plan", "--base", "HEAD~1", "--head", "HEAD"]])
        {
            var said = await house.HomeiqAsync(verb);
            Assert.True(said.Code is 0 or 1, $"{string.Join(' ', verb)}: {said}");
        }

        Assert.Empty(Events(house, from));
        Assert.Equal(before, List(house));
    }

    private static string Now(House house) => DateTimeOffset.Parse(house.Docker("info", "--format", "{{.SystemTime}}"), CultureInfo.InvariantCulture).ToUnixTimeMilliseconds() is var now
        ? string.Create(CultureInfo.InvariantCulture, $"{now / 1000}.{now % 1000:000}")
        : "";

    private static string List(House house) =>
        string.Join('\n', house.Docker("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Image}} {{.State}} {{.Mounts}} {{.Networks}}").Split('\n').Where(line => line.Contains(house.Name, StringComparison.Ordinal)));

    /// <summary>Every event since then, whatever it is about.</summary>
    private static string[] Events(House house, string from) =>
        house.Docker("events", "--since", from, "--until", Now(house)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
