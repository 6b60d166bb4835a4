using System.Runtime.InteropServices;
using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>Settings of the native Git library that its .NET binding does not offer; without the time limits a silent server would block a fetch for ever.</summary>
internal static unsafe class GitLimits
{
    private const int EnableFlushToDisk = 19;
    private const int OpenPacks = 30;
    private const int ServerConnectTimeout = 39;
    private const int ServerTimeout = 41;

    /// <summary>Each fetch of something new makes a pack, which the library keeps open; without a limit a daemon holds one file more with every commit.</summary>
    internal const int MostOpenPacks = 16;

    private static readonly Lock Gate = new();
    private static delegate* unmanaged[Cdecl]<int, int, int> setOption;

    /// <summary>Applies to the whole process from now on; the last caller wins.</summary>
    public static void Apply(TimeSpan connect, TimeSpan read)
    {
        lock (Gate)
        {
            if (setOption is null)
            {
                Initialize();
            }

            Set(ServerConnectTimeout, (int)connect.TotalMilliseconds);
            Set(ServerTimeout, (int)read.TotalMilliseconds);
        }
    }

    private static void Initialize()
    {
        // The desired state must not depend on the Git settings of whoever runs this, nor on who owns the files of a local source.
        GlobalSettings.SetOwnerValidation(false);
        foreach (var level in (ConfigurationLevel[])[ConfigurationLevel.System, ConfigurationLevel.Global, ConfigurationLevel.Xdg, ConfigurationLevel.ProgramData])
        {
            GlobalSettings.SetConfigSearchPaths(level, "");
        }

        setOption = (delegate* unmanaged[Cdecl]<int, int, int>)NativeLibrary.GetExport(LoadedLibrary(), "git_libgit2_opts");
        Set(EnableFlushToDisk, 1);
        Set(OpenPacks, MostOpenPacks);
        SshTransport.Register();
    }

    /// <summary>The very library that the binding has loaded (its file name carries a commit, and a second copy would have settings of its own).</summary>
    private static nint LoadedLibrary()
    {
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var path = line.IndexOf('/', StringComparison.Ordinal);
            if (path > 0 && Path.GetFileName(line[path..]).StartsWith("libgit2-", StringComparison.Ordinal))
            {
                return NativeLibrary.Load(line[path..]);
            }
        }

        throw new GitException(GitFailure.Refused, "The native Git library was not found in this process: no time limits can be set.");
    }

    private static void Set(int option, int value)
    {
        // The function takes variable arguments; on the supported platforms integers travel alike.
        if (setOption(option, value) != 0)
        {
            throw new GitException(GitFailure.Refused, $"The native Git library does not know option {option}: no time limits can be set.");
        }
    }
}
