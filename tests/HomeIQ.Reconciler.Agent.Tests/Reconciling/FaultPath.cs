using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A way of a house on which calls go wrong: the commits that it stands on, what then happens to it, and what is done about it.</summary>
/// <param name="Before">None for a first install.</param>
internal sealed record FaultPath(string Name, IReadOnlyList<string> Before, Action<Stage> Change)
{
    public Func<AgentProcess, Task<ApplyReport>> Act { get; init; } = process => process.ApplyAsync();

    /// <summary>Only calls of the way back go wrong.</summary>
    public bool IsBack { get; init; }

    /// <summary>Drift is put right: there is no commit to take back.</summary>
    public bool IsRepair { get; init; }

    public string Soak { get; init; } = "none";

    public string Policy { get; init; } = "";

    private const string Asks = "services: { api: { verify: { timeout: 20s, probes: [{ exec: [curl] }] } } }";

    private const string Dockerfile = "desired-state/maker/Dockerfile";

    public static IEnumerable<FaultPath> All =>
    [
        new("install: three services", [], Commits(Stacks.Three())) { Policy = Asks },
        new("install: two networks", [], Commits(Stacks.Network("10.77.1.0/24"))),
        new("install: a shared namespace", [], Commits(Stacks.Namespace("1.0.0"))),
        new("install: a build", [], Builds("1")),
        new("install: a file of the commit", [], Commits(Stacks.Lamp)),
        new("install: what fails is stopped", [], Commits(Stacks.Three(api: "1.9.0-sick"))) { IsBack = true },
        .. Stacks.Changes.Select(change => new FaultPath($"upgrade: {change.Key}", [change.Value.Before], Commits(change.Value.After))),
        new("upgrade: a probe asks inside the container", [Stacks.Three()], Commits(Stacks.Three(api: "1.1.0"))) { Policy = Asks },
        new("upgrade: watched", [Stacks.Three()], Commits(Stacks.Three(api: "1.1.0"))) { Soak = "20s" },
        new("upgrade: another build", [Stacks.Built("1")], Builds("2")),
        .. Stacks.Changes.Select(change => new FaultPath($"way back: {change.Key}", [change.Value.Before], Commits(change.Value.Bad)) { IsBack = true }),
        new("way back: what fell ill while watched", [Stacks.Three()], Commits(Stacks.Three(api: "1.9.0-late"))) { IsBack = true, Soak = "20s" },
        new("way back: by hand", [Stacks.Three(), Stacks.Three(api: "1.1.0", web: "1.1.0")], _ => { }) { Act = process => process.RollbackAsync() },
        Repair("removed", stage => stage.Engine.RemoveByHand("api")),
        Repair("stopped", stage => stage.Engine.StopByHand("api")),
        Repair("renamed", stage => stage.Engine.RenameByHand("api", "impostor")),
        new("repair: a network made again with other settings", [Stacks.Network("10.77.1.0/24")], ReplaceNetwork) { IsRepair = true },
        .. ((string[])["more memory", "taken off both networks", "other names on a network", "stopped, and a network gone", "paused, with more memory", "an edited file"])
            .Select(drift => new FaultPath($"repair: {drift}", [DriftRepairTests.House], stage => DriftRepairTests.Drift(stage, drift)) { IsRepair = true }),
    ];

    /// <summary>A house that stands, with what happens to it still to come.</summary>
    public async Task<Stage> BeginAsync()
    {
        var stage = new Stage { Soak = Soak, Policy = Policy };
        Stacks.Publish(stage.Engine);
        stage.Write("desired-state/lamp.conf", "bright");
        stage.Write(Dockerfile, "FROM house/app:1.0.0\nENV VERSION=1\n");
        foreach (var compose in Before)
        {
            stage.Commit(compose);
            Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        }

        return stage;
    }

    public bool IsInstall => Before.Count == 0;

    public override string ToString() => Name;

    public static void ReplaceNetwork(Stage stage) => stage.Engine.ReplaceNetworkByHand("house_inner", network => network with { Internal = true });

    private static FaultPath Repair(string what, Action<Stage> drift) => new($"repair: {what}", [Stacks.Three()], drift) { IsRepair = true };

    private static Action<Stage> Commits(string compose) => stage => stage.Commit(compose);

    private static Action<Stage> Builds(string version) => stage =>
    {
        stage.Write(Dockerfile, $"FROM house/app:1.0.0\nENV VERSION={version}\n");
        stage.Commit(Stacks.Built(version));
    };
}
