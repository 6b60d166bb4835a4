using System.Diagnostics;
using HomeIQ.Reconciler.Agent.Tests.Compose;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>A real ssh server on loopback (<c>rig/sshd.sh</c>), with host and user keys of its own.</summary>
public sealed class GitSshServer : IDisposable
{
    private static readonly string Script =
        Path.Combine(Environment.GetEnvironmentVariable("HOMEIQ_TEST_RIG") is { Length: > 0 } rig ? rig : Path.Combine(ComposeFilesTests.RepositoryRoot(), "tests", "rig"), "sshd.sh");

    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-ssh-").FullName;

    public GitSshServer() => Address = Run(Script, "start", folder);

    /// <summary><c>USER@HOST:PORT</c></summary>
    public string Address { get; }

    public string Port => Address[(Address.LastIndexOf(':') + 1)..];

    public string Key => Path.Combine(folder, "key");

    public string KnownHosts => Path.Combine(folder, "known_hosts");

    public GitSettings For(GitSettings settings) => settings with { Url = $"ssh://{Address}{settings.Url}", SshKey = Key, KnownHosts = KnownHosts };

    /// <summary>From now on whoever is let in gets no answer; or gets one again.</summary>
    public void BeSilent(bool silent)
    {
        var flag = Path.Combine(folder, "silent");
        if (silent)
        {
            File.WriteAllText(flag, "");
        }
        else
        {
            File.Delete(flag);
        }
    }

    /// <summary>A file of this server's folder: a new key pair.</summary>
    public string NewKey(string name, string passphrase = "")
    {
        var file = Path.Combine(folder, name);
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", file);
        return file;
    }

    public string Write(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, mode);
        return file;
    }

    public void Dispose()
    {
        Run(Script, "stop", folder);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors.Result}");
    }
}
