namespace HomeIQ.Reconciler.Scenarios;

public sealed class SettingScenarios
{
    /// <summary>A service for each setting: its name, the setting, where the engine shows it, and what it shows while the setting is there, and only then.</summary>
    private static readonly (string Service, string Setting, string Format, string Shows)[][] Settings =
    [[
        ("env", "environment: {GREETING: hello}", "{{json .Config.Env}}", "GREETING=hello"),
        ("command", "command: [sh, -c, exec /app/run]", "{{json .Config.Cmd}}", "exec /app/run"),
        ("label", "labels: {kitchen: light}", "{{json .Config.Labels}}", "\"kitchen\":\"light\""),
        ("restart", "restart: always", "{{.HostConfig.RestartPolicy.Name}}", "always"),
        ("memory", "mem_limit: 64m", "{{.HostConfig.Memory}}", "67108864"),
        ("cpus", "deploy: {resources: {limits: {cpus: '0.5'}, reservations: {memory: 16m}}}", "{{.HostConfig.NanoCpus}} {{.HostConfig.MemoryReservation}}", "500000000 16777216"),
        ("check", "healthcheck: {test: [CMD-SHELL, curl -fsS http://localhost:8080/], interval: 1s, retries: 7, start_period: 5s}", "{{json .Config.Healthcheck}}", "\"Retries\":7"),
        ("volume", "volumes: [data:/data/kept]", "{{range .Mounts}}{{.Name}}:{{.Destination}} {{end}}", "_data:/data/kept"),
        ("tmpfs", "tmpfs: [/scratch]", "{{json .HostConfig.Tmpfs}}", "/scratch"),
        ("log", "logging: {driver: json-file, options: {max-size: 10m, max-file: '3'}}", "{{json .HostConfig.LogConfig}}", "\"max-size\":\"10m\""),
    ],
    [
        ("ulimit", "ulimits: {nofile: {soft: 512, hard: 1024}}", "{{json .HostConfig.Ulimits}}", "\"Soft\":512"),
        ("sysctl", "sysctls: {net.core.somaxconn: '1024'}", "{{json .HostConfig.Sysctls}}", "\"net.core.somaxconn\":\"1024\""),
        ("shm", "shm_size: 128m", "{{.HostConfig.ShmSize}}", "134217728"),
        ("init", "init: true", "{{.HostConfig.Init}}", "true"),
        ("readonly", "read_only: true\ntmpfs: ['/tmp:size=1m']", "{{.HostConfig.ReadonlyRootfs}} {{json .HostConfig.Tmpfs}}", "true {\"/tmp\":\"size=1m\"}"),
        ("secret", "secrets: [token]", "{{range .Mounts}}{{.Destination}}:{{.RW}} {{end}}", "/run/secrets/token:false"),
        ("config", "configs: [{source: motd, target: /etc/motd}]", "{{range .Mounts}}{{.Destination}}:{{.RW}} {{end}}", "/etc/motd:false"),
        ("ipc", "ipc: shareable", "{{.HostConfig.IpcMode}}", "shareable"),
        ("pid", "pid: host", "{{.HostConfig.PidMode}}", "host"),
    ]];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Each_setting_comes_and_goes_with_a_new_container_for_its_service_alone(int half)
    {
        await using var house = new House();
        var settings = Settings[half];
        house.Write("token.txt", "of the commit").Write("motd.txt", "good morning");
        Furnish(house, settings, with: false).Commit("Without the settings");
        await house.ApplyAsync();
        Assert.All(settings, service => Assert.DoesNotContain(service.Shows, house.Inspect(service.Service, service.Format), StringComparison.Ordinal));

        var before = await house.IdsAsync();
        Furnish(house, settings, with: true).Commit("With the settings");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, [.. settings.Select(service => service.Service)]);
        Assert.All(settings, service => Assert.Contains(service.Shows, house.Inspect(service.Service, service.Format), StringComparison.Ordinal));
        if (before.ContainsKey("secret"))
        {
            Assert.Equal("of the commit", house.Docker("exec", house.Container("secret"), "cat", "/run/secrets/token"));
            Assert.Equal("good morning", house.Docker("exec", house.Container("config"), "cat", "/etc/motd"));
        }

        await house.ExpectSettledAsync();

        before = await house.IdsAsync();
        Furnish(house, settings, with: false).Commit("Without the settings again");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, [.. settings.Select(service => service.Service)]);
        Assert.All(settings, service => Assert.DoesNotContain(service.Shows, house.Inspect(service.Service, service.Format), StringComparison.Ordinal));
        await house.ExpectUpAsync([.. before.Keys]);
        await house.ExpectSettledAsync();
    }

    private static House Furnish(House house, (string Service, string Setting, string Format, string Shows)[] settings, bool with)
    {
        // Eleven checks in a second would be all that the machine does.
        var check = Furniture.Healthcheck.Replace("400ms", "1s", StringComparison.Ordinal);
        const string rest = "volumes: {data: }\nsecrets: {token: {file: ./token.txt}}\nconfigs: {motd: {file: ./motd.txt}}";
        return house.ComposeWith(rest, [.. settings.Select(service => (service.Service, with ? WithCheck(service.Setting) : check)), ("bystander", check)]);

        string WithCheck(string setting) => setting.StartsWith("healthcheck", StringComparison.Ordinal) ? setting : $"{check}\n{setting}";
    }
}
