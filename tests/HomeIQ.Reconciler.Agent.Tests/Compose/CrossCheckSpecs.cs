using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class CrossCheckSpecs
{
    private const string File = "desired-state/compose.yaml";

    [Theory]
    [InlineData("'80:80'", "'80:81'", "80/tcp")]
    [InlineData("'0.0.0.0:80:80'", "'127.0.0.1:80:80'", "127.0.0.1:80/tcp")]
    [InlineData("'127.0.0.1:80:80'", "'80:80'", "80/tcp")]
    [InlineData("'80:80'", "'[::1]:80:80'", "[::1]:80/tcp")]
    [InlineData("'[::]:80:80'", "'[::1]:80:80'", "[::1]:80/tcp")]
    [InlineData("'78-82:78-82'", "'80:9'", "80/tcp")]
    [InlineData("{ target: 80, published: 80 }", "'80:80'", "80/tcp")]
    [InlineData("'53:53/udp'", "'53:53/udp'", "53/udp")]
    public void A_host_port_is_published_once(string one, string other, string port) =>
        Assert.Equal($"{File}:3:30: error: services.b: host port {port} is published already by service `a` at {File}:2:30 (give one of them another host port)",
            Desk.Problems($"services:\n  a: {{ image: 'a:1', ports: [{one}] }}\n  b: {{ image: 'b:1', ports: [{other}] }}\n"));

    [Theory]
    [InlineData("'80:80'", "'81:80'")]
    [InlineData("'53:53/tcp'", "'53:53/udp'")]
    [InlineData("'127.0.0.1:80:80'", "'127.0.0.2:80:80'")]
    [InlineData("'127.0.0.1:80:80'", "'[::1]:80:80'")]
    [InlineData("'0.0.0.0:80:80'", "'[::]:80:80'")]
    [InlineData("80", "80")]
    [InlineData("'0:80'", "'0:80'")]
    public void Other_ports_stand_side_by_side(string one, string other) =>
        Assert.Equal("", Desk.Problems($"services:\n  a: {{ image: 'a:1', ports: [{one}] }}\n  b: {{ image: 'b:1', ports: [{other}] }}\n"));

    [Fact]
    public void One_service_does_not_publish_a_host_port_twice() =>
        Assert.Equal($"{File}:2:39: error: services.a: host port 80/tcp is published twice by this service, first at {File}:2:30 (give one of them another host port)",
            Desk.Problems("services:\n  a: { image: 'a:1', ports: ['80:80', '80:81'] }\n"));

    [Fact]
    public void A_service_of_scale_0_takes_no_port() =>
        Assert.Equal("", Desk.Problems("services:\n  a: { image: 'a:1', ports: ['80:80'], scale: 0 }\n  b: { image: 'b:1', ports: ['80:80'] }\n"));

    [Fact]
    public void A_container_name_belongs_to_one_service() =>
        Assert.Equal($"{File}:3:38: error: services.b: the container name `x1` is taken by service `a` at {File}:2:38 (a name belongs to one container)",
            Desk.Problems("services:\n  a: { image: 'a:1', container_name: x1 }\n  b: { image: 'b:1', container_name: x1 }\n"));

    [Fact]
    public void A_given_name_may_not_be_the_default_of_another() =>
        Assert.Equal($"{File}:3:3: error: services.b: the container name `p-b-1` is taken by service `a` at {File}:2:38 (a name belongs to one container)",
            Desk.Problems("services:\n  a: { image: 'a:1', container_name: p-b-1 }\n  b: { image: 'b:1' }\n"));

    [Theory]
    [InlineData("[datapi]", "3:35: error: services.b: there is no service `datapi` (did you mean `data-api`?)")]
    [InlineData("[qqqq]", "3:35: error: services.b: there is no service `qqqq`")]
    [InlineData("[b]", "3:35: error: services.b: depends on itself")]
    [InlineData("{ qqqq: { condition: service_started, required: false } }", "3:36: warning: services.b: there is no service `qqqq`")]
    [InlineData("{ data-api: { condition: healthy } }", "3:59: error: services.b.depends_on.data-api.condition: `healthy` is none of service_started, service_healthy, service_completed_successfully (did you mean `service_healthy`?)")]
    [InlineData("{ data-api: { condition: service_healthy, when: now } }", "3:76: error: services.b.depends_on.data-api: unknown key `when`")]
    [InlineData("{ off: { condition: service_healthy } }", "3:36: error: services.b: waits for `off` to be healthy, but its health check is disabled (use condition: service_started)")]
    [InlineData("[tester]", "3:35: error: services.b: depends on `tester`, whose profile is not active (activate the profile, or write required: false)")]
    [InlineData("{ tester: { condition: service_started, required: false } }", "")]
    public void A_dependency_has_to_be_there(string dependsOn, string problem) =>
        Assert.Equal(problem.Length == 0 ? "" : $"{File}:{problem}", Desk.Problems(
            $"services:\n  data-api: {{ image: 'a:1' }}\n  b: {{ image: 'b:1', depends_on: {dependsOn} }}\n" +
            "  off: { image: 'c:1', healthcheck: { disable: true } }\n  tester: { image: 'd:1', profiles: [test] }\n"));

    [Fact]
    public void A_dependency_that_may_be_missing_and_is_leaves_no_trace() =>
        Assert.Empty(Desk.Load("services:\n  b: { image: 'b:1', depends_on: { t: { condition: service_started, required: false } } }\n  t: { image: 't:1', profiles: [test] }\n").Find("b")!.DependsOn);

    [Fact]
    public void Dependencies_do_not_go_in_a_circle() =>
        Assert.Equal($"{File}:2:35: error: services.a: depends on itself in a circle: a -> b -> c -> a (remove one of these dependencies)",
            Desk.Problems("services:\n  a: { image: 'a:1', depends_on: [b] }\n  b: { image: 'b:1', depends_on: [c] }\n  c: { image: 'c:1', depends_on: [a] }\n"));

    [Fact]
    public void A_shared_namespace_closes_a_circle_too() =>
        Assert.Equal($"{File}:2:35: error: services.a: depends on itself in a circle: a -> b -> a (remove one of these dependencies)",
            Desk.Problems("services:\n  a: { image: 'a:1', depends_on: [b] }\n  b: { image: 'b:1', network_mode: 'service:a' }\n"));

    [Fact]
    public void A_long_chain_of_dependencies_is_no_circle()
    {
        var services = string.Concat(Enumerable.Range(1, 300).Select(i => $"  s{i}: {{ image: 'a:1', depends_on: [s{i - 1}] }}\n"));

        Assert.Equal("", Desk.Problems($"services:\n  s0: {{ image: 'a:1' }}\n{services}"));
    }

    [Theory]
    [InlineData("10.9.0.5", "the address 10.9.0.5 lies outside the subnet 10.1.0.0/16 of network `p_n`")]
    [InlineData("10.1.0.1", "the address 10.1.0.1 is the gateway of network `p_n`")]
    [InlineData("10.1.0.7", "the address 10.1.0.7 is taken by service `a` at desired-state/compose.yaml:2:34 (an address belongs to one container)")]
    [InlineData("10.1.0.8", "")]
    public void A_static_address_lies_in_the_subnet_and_is_free(string address, string problem) =>
        Assert.Equal(problem.Length == 0 ? "" : $"{File}:3:34: error: services.b: {problem}", Desk.Problems(
            "services:\n  a: { image: 'a:1', networks: { n: { ipv4_address: 10.1.0.7 } } }\n" +
            $"  b: {{ image: 'b:1', networks: {{ n: {{ ipv4_address: {address} }} }} }}\n" +
            "networks:\n  n: { ipam: { config: [{ subnet: 10.1.0.0/16, gateway: 10.1.0.1 }] } }\n"));

    [Fact]
    public void A_static_address_needs_a_subnet() =>
        Assert.Equal($"{File}:2:34: error: services.a: the address 10.1.0.7 needs a subnet of its own on network `p_n` (set ipam.config.subnet at the network)",
            Desk.Problems("services:\n  a: { image: 'a:1', networks: { n: { ipv4_address: 10.1.0.7 } } }\nnetworks:\n  n:\n"));

    [Theory]
    [InlineData("networks:\n  n: { drivr: x }\n", "4:8: error: networks.n: unknown key `drivr` (did you mean `driver`?)")]
    [InlineData("networks:\n  n: { driver: host }\n", "4:8: error: networks.n.driver: `host` is no network of its own (use network_mode: host at the service)")]
    [InlineData("networks:\n  n: { external: true, driver: x }\n", "4:24: error: networks.n: `driver` stands beside `external: true` (who made it decides: leave only name here)")]
    [InlineData("networks:\n  n: { external: perhaps }\n", "4:18: error: networks.n.external: `perhaps` is not true or false (write true or false)")]
    [InlineData("networks:\n  n: { ipam: { config: [{ subnet: 10.1 }] } }\n", "4:35: error: networks.n.ipam.config.subnet: `10.1` is no subnet (write 172.28.0.0/16)")]
    [InlineData("networks:\n  n: { ipam: { config: [{ subnet: 10.1.0.0/16, gateway: 10.2.0.1 }] } }\n", "4:48: error: networks.n.ipam.config.gateway: `10.2.0.1` is no address of the subnet")]
    [InlineData("networks:\n  n: { ipam: { config: [{ subnet: 10.1.0.0/16, ip_range: 10.2.0.0/24 }] } }\n", "4:48: error: networks.n.ipam.config.ip_range: 10.2.0.0/24 does not lie in the subnet 10.1.0.0/16")]
    [InlineData("networks:\n  n: { name: 'a b' }\n", "4:8: error: networks.n: `a b` is no name for the engine (letters, digits, `.`, `_` and `-`, beginning with a letter or digit)")]
    [InlineData("networks: [n]\n", "3:11: error: `networks` must be a mapping")]
    [InlineData("volumes:\n  v: text\n", "4:6: error: volumes.v: must be a mapping, but is a single value")]
    [InlineData("volumes:\n  v: { size: 5g }\n", "4:8: error: volumes.v: unknown key `size`")]
    [InlineData("secrets:\n  s: { external: true }\n", "4:8: error: secrets.s: `external` is not supported: it belongs to Swarm (use file or environment)")]
    [InlineData("secrets:\n  s: { name: x }\n", "4:6: error: secrets.s: needs exactly one of file, environment, content")]
    [InlineData("configs:\n  c: { file: ./a, content: b }\n", "4:6: error: configs.c: needs exactly one of file, environment, content")]
    [InlineData("configs:\n  c: { content: b, template_driver: golang }\n", "4:20: error: configs.c: `template_driver` is not supported: it belongs to Swarm")]
    [InlineData("volume:\n  v: {}\n", "3:1: error: unknown key `volume` (did you mean `volumes`?)")]
    public void What_stands_beside_the_services_is_judged_too(string top, string problem) =>
        Assert.Equal($"{File}:{problem}", Desk.Problems($"services:\n  a: {{ image: 'a:1' }}\n{top}"));

    [Fact]
    public void Services_of_other_profiles_are_left_out()
    {
        var request = Desk.Request("services:\n  a: { image: 'a:1' }\n  b: { image: 'b:1', profiles: [test, dev] }\n  c: { image: 'c:1', profiles: [prod] }\n");

        Assert.Equal(["a"], Names(request));
        Assert.Equal(["a", "b"], Names(request with { Profiles = ["test"] }));
        Assert.Equal(["a", "b", "c"], Names(request with { Profiles = ["*"] }));
        Assert.Equal(["a", "b", "c"], Names(request with { Profiles = ["dev", "prod"] }));
        Assert.Equal("desired-state: warning: no service has the profile `tset` (did you mean `test`?)", Desk.Problems(request with { Profiles = ["tset"] }));

        static IEnumerable<string> Names(LoadRequest request) => Desk.Load(request).Services.Select(service => service.Name);
    }

    [Theory]
    [InlineData("command-line", null, null, "command-line")]
    [InlineData(null, "policy", null, "policy")]
    [InlineData(null, null, "compose", "compose")]
    [InlineData("same", "same", "same", "same")]
    public void The_project_is_named_once_or_alike(string? requested, string? policy, string? compose, string project) => Assert.Equal(project, Desk.Load(Named(requested, policy, compose)).Project);

    [Theory]
    [InlineData(null, null, null, "desired-state/reconciler.yaml: error: the project has no name (write project: NAME in reconciler.yaml, or set --project-name; it is never taken from a folder)")]
    [InlineData("a", "b", null, "desired-state/reconciler.yaml:2:10: error: the project has several names: `a` by --project-name, `b` by reconciler.yaml (it is part of the names of volumes: make them equal)")]
    [InlineData(null, "Big", null, "desired-state/reconciler.yaml:2:10: error: `Big` is no project name (small letters, digits, `-` and `_`, beginning with a letter or digit)")]
    public void A_project_without_one_name_is_refused(string? requested, string? policy, string? compose, string problem) => Assert.Equal(problem, Desk.Problems(Named(requested, policy, compose)));

    [Theory]
    [InlineData("networks:\n  n:\n")]
    [InlineData("services:\n")]
    [InlineData("services: ~\nnetworks: {n: {}}\n")]
    [InlineData("services: !reset {}\n")]
    public void Without_a_word_about_services_there_is_no_desired_state(string compose) =>
        Assert.Equal("desired-state: error: there are no services (write services: {} if nothing is to run)", Desk.Problems(compose));

    [Fact]
    public void A_file_that_says_so_wants_no_service()
    {
        const string warning = "desired-state: warning: there is no service: whatever runs would be removed, once that is approved";

        Assert.Empty(Desk.Load("services: {}\nnetworks: {n: {}}\n").Services);
        Assert.Equal(warning, Desk.Problems("services: {}\n"));
        Assert.Equal(warning, Desk.Problems("services: {}\n", ("desired-state/compose.versions.yaml", "services: {}\n")));
        Assert.Equal("desired-state/compose.versions.yaml:1:12: error: there is no service `a` to pin (describe it in compose.yaml first)", Desk.Problems("services: {}\n", ("desired-state/compose.versions.yaml", "services: {a: {image: 'a:1'}}\n")));
    }

    [Fact]
    public void Without_files_there_is_no_desired_state()
    {
        Assert.Equal("desired-state: error: there is no compose.yaml (name the folder of the desired state with --path)\ndesired-state/reconciler.yaml: warning: there is no such file: its defaults hold (begin one with version: 1)",
            Desk.Problems(new LoadRequest { Tree = new CommitTree([]) }));
        Assert.Equal("desired-state/reconciler.yaml:2:11: error: there is no file `desired-state/compse.yaml` (did you mean `desired-state/compose.yaml`?)",
            Desk.Problems("services: {}", ("desired-state/reconciler.yaml", "version: 1\ncompose: [compse.yaml]\nproject: p\n")));
    }

    private static LoadRequest Named(string? requested, string? policy, string? compose) =>
        Desk.Request(
            $"{(compose is null ? "" : $"name: {compose}\n")}services:\n  a: {{ image: 'a:1' }}\n",
            ("desired-state/reconciler.yaml", $"version: 1\n{(policy is null ? "" : $"project: {policy}\n")}")) with
        { ProjectName = requested };
}
