using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Journaling;

public sealed class SealedStoreTests : IDisposable
{
    private readonly string root = Path.Combine(Path.GetTempPath(), $"homeiq-sealed-{Guid.NewGuid():N}");
    private readonly StateDirectory state;

    public SealedStoreTests() => state = StateDirectory.Open(root);

    public void Dispose()
    {
        state.Dispose();
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void What_is_sealed_is_for_the_owner_alone()
    {
        var store = new SealedStore(state);
        store.PutService("digest", Service("a secret"));
        store.PutRecorded("container", ValueMap<string>.Empty.With("Config.Env.TOKEN", "a secret"));
        store.PutState("state", new EffectiveState { Project = "house", Revision = "abc123" });
        state.Key();

        var files = Directory.GetFiles(state.SealedFolder, "*", SearchOption.AllDirectories).Append(Path.Combine(root, "key")).ToList();
        Assert.Equal(4, files.Count);
        Assert.All(files, file => Assert.Equal(DurableFile.Private, File.GetUnixFileMode(file)));
        Assert.All(
            Directory.GetDirectories(state.SealedFolder, "*", SearchOption.AllDirectories).Append(state.SealedFolder).Append(state.EvidenceFolder),
            folder => Assert.Equal(DurableFile.PrivateFolder, File.GetUnixFileMode(folder)));
    }

    [Fact]
    public void What_is_sealed_is_read_back_by_a_later_process()
    {
        var service = Service("a secret");
        var sealedState = new EffectiveState
        {
            Project = "house",
            Revision = "abc123",
            Services = [new(service, "digest", "sha256:1", null, "container", ValueMap<string>.Empty.With("Config.User", "ada"))],
            Networks = [new(new DesiredNetwork("net"), "network-id")],
            Volumes = [new("data")],
        };
        new SealedStore(state).PutService("digest", service);
        new SealedStore(state).PutState("state", sealedState);

        var later = new SealedStore(state);
        Assert.Equal(service, later.FindService("digest"));
        Assert.Equal(sealedState, later.FindState("state"));
        Assert.Null(later.FindService("nobody"));
        Assert.Null(later.FindState(null));
    }

    [Fact]
    public void A_sealed_service_never_changes()
    {
        var store = new SealedStore(state);
        store.PutService("digest", Service("first"));
        store.PutService("digest", Service("second"));

        Assert.Equal(Service("first"), store.FindService("digest"));
    }

    [Fact]
    public void What_is_not_kept_goes_with_what_a_killed_process_left_half_written()
    {
        var store = new SealedStore(state);
        foreach (var name in (string[])["old", "new"])
        {
            store.PutService(name, Service(name));
            store.PutRecorded(name, ValueMap<string>.Empty);
            store.PutState(name, new EffectiveState { Project = "house", Revision = name });
        }

        var unfinished = Path.Combine(state.SealedFolder, "states", "x.json.7.1.tmp");
        File.WriteAllText(unfinished, "{");
        var gone = store.Prune(new HashSet<string> { "new" }, new HashSet<string> { "new" }, new HashSet<string> { "new" });

        Assert.Equal((1, 2), gone);
        Assert.Equal(["new"], store.States());
        Assert.Equal(["new"], store.Services());
        Assert.Null(store.FindRecorded("old"));
        Assert.NotNull(store.FindRecorded("new"));
        Assert.False(File.Exists(unfinished));
    }

    [Fact]
    public void The_hosts_key_stays_the_same()
    {
        var key = state.Key();

        Assert.Equal(32, key.Count);
        using var again = StateDirectory.Open(root);
        Assert.Equal(key, again.Key());
    }

    [Fact]
    public void One_process_at_a_time_acts_from_a_state_directory()
    {
        using var other = StateDirectory.Open(root);
        Assert.True(state.TryLock());
        Assert.True(state.TryLock());
        Assert.False(other.TryLock());

        state.Dispose();
        Assert.True(other.TryLock());
    }

    private static DesiredService Service(string secret) => new()
    {
        Name = "api",
        ContainerName = "api",
        Spec = new ContainerSpec
        {
            Image = "app:1",
            Environment = ValueMap<string>.Empty.With("TOKEN", secret),
            SecretFields = ["env.TOKEN"],
            HealthCheck = new(["CMD", "true"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 3, TimeSpan.FromSeconds(4)),
        },
        Policy = new ServicePolicy { Probes = [new TcpProbe(8080), new ExecProbe(["true"])] },
    };
}
