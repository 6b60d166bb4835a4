using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The version of the engine's interface that both sides speak, and all that differs between versions.</summary>
/// <remarks>
/// 1.42 makes missing folders of bind mounts · 1.44 takes several networks and MAC addresses at create, knows a health check's start interval, and tells
/// duplicate network names apart by itself · 1.45 mounts a folder of a volume, and no longer lists the short id among the aliases · 1.52 leaves unset fields
/// of an image out. Engines 29.0 to 29.2 refuse callers below 1.44.
/// </remarks>
public sealed record EngineApi(Version Version)
{
    /// <summary>The newest version that this program was written for.</summary>
    public static readonly Version Ours = new(1, 52);

    public bool TakesSeveralNetworksAtCreate => Version >= new Version(1, 44);

    public bool MakesBindMountpoints => Version >= new Version(1, 42);

    public bool RefusesDuplicateNetworks => Version >= new Version(1, 44);

    /// <summary>The lower of ours and the engine's.</summary>
    /// <param name="announced">The engine's <c>Api-Version</c> header.</param>
    public static EngineApi Negotiate(string? announced) =>
        Version.TryParse(announced, out var theirs)
            ? new(theirs < Ours ? theirs : Ours)
            : throw new ContainerHostException(HostFailure.Engine, $"the engine announces no version of its interface (it says '{announced}')");

    /// <summary>Refuses by name what this engine would silently leave out.</summary>
    public void Require(ContainerSpec spec)
    {
        if (Version < new Version(1, 44))
        {
            Refuse(spec.HealthCheck?.StartInterval is not null, "a health check's start_interval", "1.44 (engine 25)");
            Refuse(spec.Networks.Any(network => network.MacAddress is not null), "mac_address", "1.44 (engine 25)");
        }

        if (Version < new Version(1, 45))
        {
            Refuse(spec.Mounts.Any(mount => mount is { Kind: MountKind.Volume, SubPath: not null }), "a volume's subpath", "1.45 (engine 26)");
        }
    }

    private void Refuse(bool used, string what, string needed)
    {
        if (used)
        {
            throw new ContainerHostException(HostFailure.Invalid, $"{what} needs version {needed} of the engine's interface; this engine speaks {Version}");
        }
    }
}
