using System.Text.Json;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Looks over the set-up of this host, each part by itself: what is wrong with one says nothing about the others.</summary>
internal sealed class Doctor(AgentSettings settings)
{
    /// <summary>Older engines have no second network at create, and newer ones refuse older callers.</summary>
    private static readonly Version OldestApi = new(1, 44);

    public async IAsyncEnumerable<Finding> ExamineAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await EngineAsync(cancellationToken);
        if (settings.EngineIsLocal && Directory.Exists("/var/lib/docker"))
        {
            yield return StateChecks.Space("image space", "/var/lib/docker");
        }

        foreach (var finding in StateFindings())
        {
            yield return finding;
        }

        yield return await DaemonAsync(cancellationToken);
        yield return Unit();
        yield return Credentials();
        await foreach (var finding in SourceAsync(cancellationToken))
        {
            yield return finding;
        }
    }

    private async Task<Finding> EngineAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var host = Session.OpenHost(settings);
            var facts = await host.DescribeAsync(cancellationToken);
            var text = $"{facts.Version} at {settings.Docker}, interface {facts.ApiVersion}, {facts.OperatingSystem}, {facts.Architecture}";
            return Version.TryParse(facts.ApiVersion, out var api) && api < OldestApi
                ? new("engine", Soundness.Warn, text, $"interface {OldestApi} (engine 25) knows all that Compose files may ask for: keys that this one lacks are refused by name")
                : new("engine", Soundness.Ok, text);
        }
        catch (ContainerHostException away)
        {
            return new("engine", Soundness.Fail, away.Message, "start it, name another one with --docker, or join the group that may use its socket");
        }
    }

    private List<Finding> StateFindings()
    {
        try
        {
            return [.. StateChecks.Of(settings.StateDirectory, TimeProvider.System)];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JournalException)
        {
            return [new("state", Soundness.Fail, unreadable.Message, "run homeiq as the owner of the state directory")];
        }
    }

    private async Task<Finding> DaemonAsync(CancellationToken cancellationToken)
    {
        using var daemon = await DaemonClient.FindAsync(settings.StateDirectory, cancellationToken);
        if (daemon is null)
        {
            return new("daemon", Soundness.Warn, "no daemon acts from this state directory: nobody repairs drift or follows the branch", "systemctl start homeiq, or homeiq run");
        }

        var health = await daemon.HealthAsync(cancellationToken);
        return health switch
        {
            { Status: "fail" } => new("daemon", Soundness.Fail, $"it runs, but {health.Problem} ({health.LastPass:u})", "journalctl -u homeiq tells why; restarting it does no harm"),
            { Problem: { } problem } => new("daemon", Soundness.Warn, $"it runs: {problem}", "homeiq status tells more"),
            _ => new("daemon", Soundness.Ok, $"it runs; the last pass ended {health.LastPass:u}"),
        };
    }

    private static Finding Unit()
    {
        const string hint = "src/HomeIQ.Reconciler/homeiq.service is one to begin with: copy it to /etc/systemd/system, then systemctl enable --now homeiq";
        return !Directory.Exists("/run/systemd/system") ? new("unit", Soundness.Ok, "there is no systemd here; something else has to start homeiq run again")
            : !((string[])["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"]).Any(folder => File.Exists(Path.Combine(folder, "homeiq.service"))) ? new("unit", Soundness.Warn, "systemd knows no homeiq.service: nobody starts the daemon after a power cut", hint)
            : !Path.Exists("/etc/systemd/system/multi-user.target.wants/homeiq.service") ? new("unit", Soundness.Warn, "homeiq.service is there, and not enabled: nobody starts the daemon after a power cut", "systemctl enable homeiq")
            : new("unit", Soundness.Ok, "homeiq.service is enabled");
    }

    private Finding Credentials()
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (settings.GitSshKey is { } key && (!File.Exists(key) || (File.GetUnixFileMode(key) & others) != UnixFileMode.None))
        {
            return new("credentials", Soundness.Fail, $"the key {key} {(File.Exists(key) ? "can be read by others, and ssh refuses it" : "is not there")}", File.Exists(key) ? $"chmod 600 {key}" : "put it there, or name another one with --git-ssh-key");
        }

        if (settings.GitKnownHosts is { } hosts && !File.Exists(hosts))
        {
            return new("credentials", Soundness.Fail, $"the known hosts {hosts} are not there: every host key would be refused", "ssh-keyscan writes one; compare it with what the server's owner says");
        }

        var folder = settings.DockerConfig ?? Environment.GetEnvironmentVariable("DOCKER_CONFIG") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        var config = Path.Combine(folder, "config.json");
        try
        {
            if (!File.Exists(config))
            {
                return settings.DockerConfig is null ? new("credentials", Soundness.Ok, "no registry has a login, which public images do not need")
                    : new("credentials", Soundness.Fail, $"{config} is not there", "docker --config DIR login writes it");
            }

            using var read = JsonDocument.Parse(File.ReadAllBytes(config));
            return new("credentials", Soundness.Ok, $"registries: {config}");
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or UnauthorizedAccessException)
        {
            return new("credentials", Soundness.Fail, $"{config} cannot be read: {unreadable.Message}", "docker login writes it anew");
        }
    }

    private async IAsyncEnumerable<Finding> SourceAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (settings.Repository.Length == 0)
        {
            yield return new("repository", Soundness.Fail, "none is named", "give --repo URL, or set HOMEIQ_REPO");
            yield break;
        }

        CommitReader? commits = null;
        Finding read;
        try
        {
            commits = await CommitReader.OpenAsync(settings, settings.Branch, cancellationToken);
            read = new("repository", Soundness.Ok, $"{settings.Branch} can be read");
        }
        catch (GitException unreadable)
        {
            read = new("repository", Soundness.Fail, unreadable.Message, unreadable.Hint ?? "check --repo, --branch and the credentials");
        }

        yield return read;
        if (commits is not null)
        {
            using (commits)
            {
                yield return Desired(commits);
            }
        }
    }

    private Finding Desired(CommitReader commits)
    {
        var loaded = DesiredStateLoader.Load(new LoadRequest
        {
            Tree = commits.TreeOf(settings.Branch),
            Path = settings.Path,
            ProjectName = settings.ProjectName,
            ProjectDirectory = settings.ProjectDirectory,
            EnvFiles = settings.EnvFiles,
            Profiles = settings.Profiles,
        });
        var errors = loaded.Problems.Where(problem => problem.Severity is Severity.Error).ToList();
        var warnings = loaded.Problems.Count(problem => problem.Severity is Severity.Warning);
        return loaded.State is not { } state
            ? new("desired state", Soundness.Fail, $"{errors.Count} {(errors.Count == 1 ? "error" : "errors")}, the first: {(errors is [var first, ..] ? $"{first.Position}: {first.Message}" : "nothing could be read")}", "homeiq validate --repo URL shows them all")
            : new("desired state", warnings > 0 ? Soundness.Warn : Soundness.Ok, $"project {state.Project}, {state.Services.Count} services{(warnings > 0 ? $", {warnings} warnings" : "")}", warnings > 0 ? "homeiq validate --repo URL shows them" : null);
    }
}
