namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>Two ways to write one thing are one desired state: nothing would be done between them.</summary>
public class SameStateSpecs
{
    [Theory]
    [InlineData("tty: true\nuser: a", "user: a\ntty: true")]
    [InlineData("user: a", "# who\nuser: a   # him")]
    [InlineData("user: a", "user: \"a\"")]
    [InlineData("environment: { A: 1, B: 2 }", "environment: [B=2, A=1]")]
    [InlineData("environment: { A: '1' }", "environment: { A: 1 }")]
    [InlineData("labels: { a: b }", "labels: [a=b]")]
    [InlineData("labels: { a: }", "labels: [a]")]
    [InlineData("command: a 'b c'", "command: [a, b c]")]
    [InlineData("restart: 'no'", "")]
    [InlineData("restart: 'no'", "restart:")]
    [InlineData("stop_grace_period: 10s", "")]
    [InlineData("stop_grace_period: 90s", "stop_grace_period: 1m30s")]
    [InlineData("privileged: false\ntty: false\nread_only: false\nstdin_open: false", "")]
    [InlineData("scale: 1", "")]
    [InlineData("deploy: { replicas: 1, mode: replicated }", "")]
    [InlineData("pull_policy: missing", "")]
    [InlineData("pull_policy: if_not_present", "pull_policy: missing")]
    [InlineData("mem_limit: 512m", "mem_limit: 524288k")]
    [InlineData("mem_limit: 512m", "deploy: { resources: { limits: { memory: 512M } } }")]
    [InlineData("mem_limit: 1.5g", "mem_limit: 1536mb")]
    [InlineData("cpus: 0.5", "deploy: { resources: { limits: { cpus: '0.50' } } }")]
    [InlineData("pids_limit: -1", "")]
    [InlineData("pids_limit: 5", "deploy: { resources: { limits: { pids: 5 } } }")]
    [InlineData("ulimits: { nofile: 10 }", "ulimits: { nofile: { soft: 10, hard: 10 } }")]
    [InlineData("sysctls: { a.b: 1 }", "sysctls: [a.b=1]")]
    [InlineData("healthcheck: { test: [CMD-SHELL, a] }", "healthcheck: { test: a, interval: 30s, timeout: 30s, retries: 3, start_period: 0s }")]
    [InlineData("healthcheck: { test: a, interval: 0s }", "healthcheck: { test: a }")]
    [InlineData("healthcheck: { test: NONE-such, interval: 60s }", "healthcheck: { test: NONE-such, interval: 1m }")]
    [InlineData("healthcheck: { disable: true }", "healthcheck: { test: [NONE] }")]
    [InlineData("healthcheck: { test: [CMD, a], disable: false }", "healthcheck: { test: [CMD, a] }")]
    [InlineData("logging: { }", "")]
    [InlineData("ports: ['80:80', '81:81']", "ports: ['81:81', '80:80']")]
    [InlineData("ports: ['8080:80']", "ports: ['8080:80/tcp']")]
    [InlineData("ports: ['8080:80']", "ports: [{ target: 80, published: 8080 }]")]
    [InlineData("ports: ['8080:80']", "ports: [{ target: 80, published: '8080', protocol: tcp, mode: ingress }]")]
    [InlineData("ports: ['80-81:80-81']", "ports: ['80:80', '81:81']")]
    [InlineData("expose: ['80']", "expose: [80/tcp]")]
    [InlineData("expose: [2, 1]", "expose: [1, 2]")]
    [InlineData("networks: [default]", "")]
    [InlineData("networks: { default: }", "")]
    [InlineData("networks: { default: { aliases: [web] } }", "")]
    [InlineData("networks: { default: { aliases: [b, a] } }", "networks: { default: { aliases: [a, b] } }")]
    [InlineData("networks: [one, two]", "networks: [two, one]")]
    [InlineData("networks: { one: { priority: 0 } }", "networks: [one]")]
    [InlineData("depends_on: [db]", "depends_on: { db: { condition: service_started } }")]
    [InlineData("depends_on: { db: { condition: service_healthy, required: true, restart: false } }", "depends_on: { db: { condition: service_healthy } }")]
    [InlineData("depends_on: [db, db2]", "depends_on: [db2, db]")]
    [InlineData("network_mode: service:db", "network_mode: service:db\ndepends_on: { db: { condition: service_started, restart: true } }")]
    [InlineData("volumes: ['data:/d']", "volumes: ['data:/d:rw']")]
    [InlineData("volumes: ['data:/d']", "volumes: ['data:/d/']")]
    [InlineData("volumes: ['data:/d']", "volumes: [{ type: volume, source: data, target: /d }]")]
    [InlineData("volumes: ['/a:/d:ro']", "volumes: [{ type: bind, source: /a/, target: /d, read_only: true }]")]
    [InlineData("volumes: ['./f:/f:ro']", "volumes: [{ type: bind, source: ./f, target: /f, read_only: true, bind: { create_host_path: true } }]")]
    [InlineData("volumes: ['./f:/f:ro']", "volumes: ['./same-as-f:/f:ro']")]
    [InlineData("volumes: ['data:/a', '/b:/b']", "volumes: ['/b:/b', 'data:/a']")]
    [InlineData("tmpfs: /run", "tmpfs: [/run]")]
    [InlineData("dns: 1.1.1.1", "dns: [1.1.1.1]")]
    [InlineData("extra_hosts: ['a:1.1.1.1', 'b:2.2.2.2']", "extra_hosts: { b: 2.2.2.2, a: 1.1.1.1 }")]
    [InlineData("extra_hosts: ['a=::1']", "extra_hosts: ['a:[::1]']")]
    [InlineData("cap_add: [B, A]", "cap_add: [CAP_A, b]")]
    [InlineData("security_opt: ['no-new-privileges:true']", "security_opt: [no-new-privileges]")]
    [InlineData("security_opt: ['no-new-privileges:false']", "")]
    [InlineData("group_add: [b, a]", "group_add: [a, b]")]
    [InlineData("devices: [/dev/a]", "devices: ['/dev/a:/dev/a:rwm']")]
    [InlineData("devices: [/dev/b, /dev/a]", "devices: [{ source: /dev/a }, { source: /dev/b, permissions: rwm }]")]
    [InlineData("env_file: e.env", "env_file: [{ path: ./e.env, required: true }]")]
    [InlineData("env_file: e.env", "environment: { FROM_FILE: x }")]
    [InlineData("build: ./ctx", "build: { context: ctx, dockerfile: Dockerfile }")]
    [InlineData("build: { context: ctx, args: { A: 1 } }", "build: { context: ./ctx/, args: [A=1] }")]
    [InlineData("secrets: [s]", "secrets: [{ source: s, target: s }]")]
    [InlineData("secrets: [s]", "secrets: [{ source: s, target: /run/secrets/s }]")]
    [InlineData("configs: [c]", "configs: [{ source: c, target: /c }]")]
    [InlineData("x-note: anything", "")]
    public void It_is_the_same(string one, string other) => Assert.Equal(State(one), State(other));

    [Theory]
    [InlineData("ports: ['8080:80']", "ports: ['0.0.0.0:8080:80']")]
    [InlineData("command: []", "")]
    [InlineData("entrypoint: []", "")]
    [InlineData("init: false", "")]
    [InlineData("environment: { A: }", "environment: { A: '' }")]
    [InlineData("dns: [1.1.1.1, 2.2.2.2]", "dns: [2.2.2.2, 1.1.1.1]")]
    [InlineData("command: [a, b]", "command: [b, a]")]
    [InlineData("user: 1.10", "user: 1.1")]
    [InlineData("volumes: ['./f:/f:ro']", "volumes: ['./g:/f:ro']")]
    [InlineData("volumes: ['./x.sh:/f:ro']", "volumes: ['./same-as-x-but-mode:/f:ro']")]
    [InlineData("volumes: ['./f:/f:ro']", "volumes: ['./f:/f']")]
    [InlineData("scale: 0", "")]
    [InlineData("depends_on: [db]", "depends_on: { db: { condition: service_healthy } }")]
    [InlineData("networks: { one: { priority: 1 }, two: }", "networks: [one, two]")]
    [InlineData("build: ./ctx", "build: ./ctx2")]
    [InlineData("build: { context: ctx, args: { A: 1 } }", "build: { context: ctx, args: { A: 2 } }")]
    [InlineData("secrets: [s]", "secrets: [{ source: s, mode: 0400 }]")]
    [InlineData("pull_policy: always", "")]
    public void It_is_not_the_same(string one, string other) => Assert.NotEqual(State(one), State(other));

    [Fact]
    public void Anchors_and_merge_keys_leave_no_trace() =>
        Assert.Equal(
            Desk.Load("""
                x-base: &base { restart: always, logging: { driver: json-file } }
                services:
                  b: { <<: *base, image: "b:1" }
                  a: { <<: *base, image: "a:1" }
                """),
            Desk.Load("""
                services:
                  a: { image: "a:1", restart: always, logging: { driver: json-file } }
                  b: { image: "b:1", restart: always, logging: { driver: json-file } }
                """));

    [Fact]
    public void A_version_line_in_its_own_file_is_the_same_as_in_the_first() =>
        Assert.Equal(
            Desk.Load("services:\n  web: { image: 'nginx:1.27' }\n"),
            Desk.Load("services:\n  web: { tty: false }\n", ("desired-state/compose.versions.yaml", "services:\n  web: { image: 'nginx:1.27' }\n")));

    // Where in the commit a mounted file lies is no part of what runs.
    private static Desired.DesiredState State(string keys) => Loaded(keys) with { Contents = [] };

    private static Desired.DesiredState Loaded(string keys) => Desk.Load(
        Desk.Web(
            keys,
            "  db: { image: 'postgres:17' }\n  db2: { image: 'postgres:17' }\nnetworks:\n  one:\n  two:\nvolumes:\n  data:\nsecrets:\n  s: { file: ./f }\nconfigs:\n  c: { content: text }\n"),
        ("desired-state/e.env", "FROM_FILE=x\n"), ("desired-state/f", "f"), ("desired-state/same-as-f", "f"), ("desired-state/g", "g"), ("desired-state/x.sh*", "x"),
        ("desired-state/same-as-x-but-mode", "x"), ("desired-state/ctx/Dockerfile", "FROM scratch"), ("desired-state/ctx2/Dockerfile", "FROM other"));
}
