using System.CommandLine;
using HomeIQ.Reconciler.Forges;
using HomeIQ.Reconciler.Reconciling;
using Microsoft.Extensions.Configuration;

namespace HomeIQ.Reconciler.Cli;

/// <summary>The agent's own settings on the command line; each also as <c>HOMEIQ_…</c> and in the JSON settings file. A flag beats a variable, a variable beats the file.</summary>
internal sealed class AgentOptions
{
    private const string Group = "HOMEIQ_";

    /// <summary>Never flags: those show in the list of processes.</summary>
    private static readonly string[] CredentialKeys = ["git_user", "git_password", "git_token", "forge_token"];

    private readonly Option<string?> settingsFile = new("--settings") { Description = "JSON file with these settings (HOMEIQ_SETTINGS; default /etc/homeiq/settings.json when it is there)", HelpName = "FILE", Recursive = true };
    private readonly List<(Option Option, string Key)> known = [];
    private readonly Option<string?> repo;
    private readonly Option<string?> branch;
    private readonly Option<string?> path;
    private readonly Option<string?> state;
    private readonly Option<string?> docker;
    private readonly Option<string?> instance;
    private readonly Option<string?> projectName;
    private readonly Option<string?> projectDirectory;
    private readonly Option<string?> dockerConfig;
    private readonly Option<string?> sshKey;
    private readonly Option<string?> knownHosts;
    private readonly Option<string?> forge;
    private readonly Option<string?> forgeApi;
    private readonly Option<string?> forgeProject;
    private readonly Option<string[]> envFiles;
    private readonly Option<string[]> profiles;

    public AgentOptions()
    {
        repo = Text("--repo", "repo", "URL", "Git repository of the desired state: a path, file://, http(s)://, ssh:// or USER@HOST:PATH");
        branch = Text("--branch", "branch", "B", "branch or tag to follow (default main)");
        path = Text("--path", "path", "DIR", "folder of the desired state in the repository (default desired-state)");
        state = Text("--state", "state", "DIR", "state directory on this host (default /var/lib/homeiq)");
        docker = Text("--docker", "docker", "ENDPOINT", "engine: unix:///path or tcp://host:port (default DOCKER_HOST, else unix:///var/run/docker.sock)");
        instance = Text("--instance", "instance", "NAME", "whose containers are ours: the value of our label (default homeiq)");
        projectName = Text("--project-name", "project_name", "N", "Compose project name; required here, in reconciler.yaml or as name: in Compose");
        projectDirectory = Text("--project-dir", "project_dir", "D", "where writable relative binds live on this host");
        dockerConfig = Text("--docker-config", "docker_config", "DIR", "folder of Docker's config.json with registry credentials (default DOCKER_CONFIG, else ~/.docker)");
        sshKey = Text("--git-ssh-key", "git_ssh_key", "FILE", "private key for a repository over ssh, readable by its owner alone (default the keys of this user)");
        knownHosts = Text("--git-known-hosts", "git_known_hosts", "FILE", "host keys that are trusted over ssh; one that is not there is refused (default those known to this user)");
        forge = Text("--forge", "forge", "KIND", "tell this forge how commits fare, and open a pull request for a revert branch: github, gitea (Forgejo too) or gitlab; the token is HOMEIQ_FORGE_TOKEN, else HOMEIQ_GIT_TOKEN");
        forgeApi = Text("--forge-api", "forge_api", "URL", "its interface, when it is not at the repository's host (https://git.example/api/v1)");
        forgeProject = Text("--forge-project", "forge_project", "OWNER/NAME", "the repository's name there, when it is not in the repository's address");
        envFiles = Several("--env-file", "env_file", "F", "env file of this host for ${VAR}; repeat for several, later ones win");
        profiles = Several("--profile", "profile", "P", "Compose profile to activate; repeat for several");
    }

    public void AddTo(RootCommand root)
    {
        root.Add(settingsFile);
        foreach (var (option, _) in known)
        {
            root.Add(option);
        }
    }

    /// <summary>True when the user named a repository, by flag, variable or file.</summary>
    public bool NamesRepository(ParseResult parsed) => Read(parsed).Repository.Length > 0;

    /// <summary>True when the command line names a folder that is there, and no repository beside it.</summary>
    public bool NamesFolder(ParseResult parsed) => parsed.GetValue(path) is { Length: > 0 } folder && parsed.GetValue(repo) is null && Directory.Exists(folder);

    /// <summary>The desired state's folder on this machine, as it was given: absolute, or below the working folder.</summary>
    public string Folder(ParseResult parsed) =>
        parsed.GetValue(path) ?? Configure(parsed).One("path") ?? new AgentSettings().Path;

    /// <exception cref="UsageException">A setting is wrong, or the settings file cannot be read.</exception>
    public AgentSettings Read(ParseResult parsed)
    {
        var host = Configure(parsed);
        string? Get(Option<string?> option, string key) => parsed.GetValue(option) ?? host.One(key);
        string[] All(Option<string[]> option, string key) => parsed.GetValue(option) is { Length: > 0 } given ? given : host.Several(key);

        var defaults = new AgentSettings();
        return new AgentSettings
        {
            Repository = Get(repo, "repo") ?? "",
            Branch = Get(branch, "branch") ?? defaults.Branch,
            Path = InTree(Get(path, "path") ?? defaults.Path),
            StateDirectory = Path.GetFullPath(Get(state, "state") ?? defaults.StateDirectory),
            Docker = Endpoint(Get(docker, "docker") ?? Environment.GetEnvironmentVariable("DOCKER_HOST") ?? defaults.Docker),
            Instance = Get(instance, "instance") ?? defaults.Instance,
            ProjectName = Get(projectName, "project_name"),
            ProjectDirectory = Get(projectDirectory, "project_dir") is { } directory ? Path.GetFullPath(directory) : null,
            DockerConfig = Get(dockerConfig, "docker_config"),
            EnvFiles = [.. All(envFiles, "env_file").Select(Path.GetFullPath)],
            Profiles = [.. All(profiles, "profile")],
            GitUser = host.One("git_user"),
            GitPassword = host.One("git_password"),
            GitToken = host.One("git_token"),
            GitSshKey = Get(sshKey, "git_ssh_key") is { } key ? Path.GetFullPath(key) : null,
            Forge = Get(forge, "forge") is { } kind ? Told(kind, Get(repo, "repo") ?? "", Get(forgeApi, "forge_api"), Get(forgeProject, "forge_project"), host, Get(instance, "instance") ?? defaults.Instance) : null,
            GitKnownHosts = Get(knownHosts, "git_known_hosts") is { } hosts ? Path.GetFullPath(hosts) : null,
        };
    }

    private static ForgeSettings Told(string kind, string repository, string? api, string? project, HostSettings host, string instance)
    {
        var spoken = kind.ToLowerInvariant() switch
        {
            "github" => ForgeKind.GitHub,
            "gitea" or "forgejo" => ForgeKind.Gitea,
            "gitlab" => ForgeKind.GitLab,
            _ => throw new UsageException($"--forge {kind} is none that homeiq knows", "write github, gitea or gitlab; leave it out to tell nobody"),
        };
        var guess = ForgeSettings.Guess(spoken, repository);
        var address = (api ?? guess?.Api ?? throw new UsageException($"where is the interface of the forge? {(repository.Length == 0 ? "no repository is named" : "the repository's address does not tell")}", "give --forge-api URL")).TrimEnd('/');
        return !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            ? throw new UsageException($"--forge-api {address} is no http(s) address", "write it like https://git.example/api/v1")
            : new(
                spoken, address,
                project ?? guess?.Project ?? throw new UsageException("what is the repository called at the forge? its address does not tell", "give --forge-project OWNER/NAME"),
                host.One("forge_token") ?? host.One("git_token") ?? throw new UsageException($"--forge {kind} needs a token, and there is none", "set HOMEIQ_FORGE_TOKEN, or forge_token in the settings file"),
                instance);
    }

    /// <summary>A folder of a repository as its tree knows it: <c>./desired-state/</c> is <c>desired-state</c>, <c>.</c> the root.</summary>
    private static string InTree(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part == ".." && parts is [.., not ".."])
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private static string Endpoint(string given) => given.StartsWith('/') ? $"unix://{given}" : given;

    private HostSettings Configure(ParseResult parsed)
    {
        var named = parsed.GetValue(settingsFile) ?? Environment.GetEnvironmentVariable($"{Group}SETTINGS");
        var file = Path.GetFullPath(named ?? "/etc/homeiq/settings.json");
        if (named is not null && !File.Exists(file))
        {
            throw new UsageException($"the settings file {file} is not there", "leave --settings out, or name an existing file");
        }

        try
        {
            var written = new ConfigurationBuilder().AddJsonFile(file, optional: true).Build();
            var keys = known.Select(setting => setting.Key).Concat(CredentialKeys).ToList();
            return written.GetChildren().FirstOrDefault(child => !keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown
                ? throw new UsageException($"{file} has the unknown key {unknown.Key}", $"known are: {string.Join(", ", keys)}")
                : new HostSettings(new ConfigurationBuilder().AddEnvironmentVariables(Group).Build(), written);
        }
        catch (InvalidDataException broken)
        {
            throw new UsageException($"{file} cannot be read: {broken.GetBaseException().Message}", "it is a flat JSON object: {\"repo\": \"…\", \"branch\": \"main\"}");
        }
    }

    private Option<string?> Text(string name, string key, string placeholder, string description)
    {
        var option = new Option<string?>(name) { Description = $"{description} [{Group}{key.ToUpperInvariant()}]", HelpName = placeholder, Recursive = true };
        known.Add((option, key));
        return option;
    }

    private Option<string[]> Several(string name, string key, string placeholder, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = $"{description} [{Group}{key.ToUpperInvariant()}]",
            HelpName = placeholder,
            Recursive = true,
            AllowMultipleArgumentsPerToken = false,
        };
        known.Add((option, key));
        return option;
    }
}

/// <summary>What this host says by variables and in the settings file. One on top of the other, in .NET's usual way, would mix their lists item by item.</summary>
internal sealed record HostSettings(IConfiguration Variables, IConfiguration File)
{
    public string? One(string key) => Variables[key] is { Length: > 0 } variable ? variable : File[key] is { Length: > 0 } written ? written : null;

    public string[] Several(string key) => Listed(Variables, key) is { Length: > 0 } variable ? variable : Listed(File, key);

    /// <summary>A list of its own (<c>KEY__0</c>, a JSON array), or one text with colons.</summary>
    private static string[] Listed(IConfiguration source, string key) =>
        source[key]?.Split(':', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } text
            ? text
            : [.. source.GetSection(key).GetChildren().Select(child => child.Value ?? "").Where(value => value.Length > 0)];
}

/// <summary>The command line or a setting is wrong; nothing was touched.</summary>
internal sealed class UsageException(string message, string? hint = null) : Exception(message)
{
    public string? Hint { get; } = hint;
}
