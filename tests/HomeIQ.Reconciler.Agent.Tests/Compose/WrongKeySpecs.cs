namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>What is wrong is said once, where it stands, with what to do about it. Line 4 column 5 is the first key of the service.</summary>
public class WrongKeySpecs
{
    [Theory]
    [InlineData("imagee: x", "4:5: error: services.web: unknown key `imagee` (did you mean `image`?)")]
    [InlineData("volume: [x]", "4:5: error: services.web: unknown key `volume` (did you mean `volumes`?)")]
    [InlineData("depends-on: [x]", "4:5: error: services.web: unknown key `depends-on` (did you mean `depends_on`?)")]
    [InlineData("zzz: x", "4:5: error: services.web: unknown key `zzz`")]
    [InlineData("x-mine: anything", "")]
    [InlineData("healthcheck: { test: [CMD, a], interval: 5s, retry: 3 }", "4:50: error: services.web.healthcheck: unknown key `retry` (did you mean `retries`?)")]
    [InlineData("deploy: { resources: { limits: { mem: 5m } } }", "4:38: error: services.web.deploy.resources.limits: unknown key `mem` (did you mean `memory`?)")]
    [InlineData("logging: { drivers: x }", "4:16: error: services.web.logging: unknown key `drivers` (did you mean `driver`?)")]
    public void An_unknown_key_is_a_problem_with_a_suggestion(string keys, string problem) => Assert.Equal(problem, Desk.Wrong(keys));

    [Theory]
    [InlineData("ports: ['80:80']", "ports: { x: 1 }", "desired-state/two.yaml:3:12: error: a mapping cannot be merged with a list at desired-state/compose.yaml:4:12 (write both alike, or `!override` to replace)")]
    [InlineData("ports: { x: 1 }", "ports: ['80:80']", """
        desired-state/compose.yaml:4:12: error: services.web.ports: must be a list, but is a mapping
        desired-state/two.yaml:3:12: error: a list cannot be merged with a mapping at desired-state/compose.yaml:4:12 (write both alike, or `!override` to replace)
        """)]
    [InlineData("tty: [true]", "tty: maybe", """
        desired-state/compose.yaml:4:10: error: services.web.tty: must be true or false, but is a list
        desired-state/two.yaml:3:10: error: a single value cannot be merged with a list at desired-state/compose.yaml:4:10 (write both alike, or `!override` to replace)
        """)]
    public void What_does_not_fit_over_another_file_is_told_once_at_each_place(string one, string two, string problems) =>
        Assert.Equal(problems, Desk.Problems(Desk.Web(one), ("desired-state/two.yaml", $"services:\n  web:\n    {two}\n"), ("desired-state/reconciler.yaml", "version: 1\nproject: p\ncompose: [compose.yaml, two.yaml]\n")), ignoreLineEndingDifferences: true);

    [Theory]
    [InlineData("annotations: { a: b }", "`annotations` is not supported: the engine versions that are served do not all know them (use labels)")]
    [InlineData("blkio_config: { weight: 300 }", "`blkio_config` is not supported: weights and limits of block devices are not mapped")]
    [InlineData("cpu_count: 2", "`cpu_count` is not supported: it is Windows' (use cpus)")]
    [InlineData("cpu_percent: 50", "`cpu_percent` is not supported: it is Windows' (use cpus)")]
    [InlineData("cpu_rt_period: 100", "`cpu_rt_period` is not supported: realtime scheduling is not mapped")]
    [InlineData("cpu_rt_runtime: 100", "`cpu_rt_runtime` is not supported: realtime scheduling is not mapped")]
    [InlineData("credential_spec: { file: x }", "`credential_spec` is not supported: it is Windows'")]
    [InlineData("external_links: [x]", "`external_links` is not supported: links are a legacy of the engine (put both containers on one network)")]
    [InlineData("gpus: all", "`gpus` is not supported: device requests are not mapped (use devices)")]
    [InlineData("isolation: hyperv", "`isolation` is not supported: it is Windows'")]
    [InlineData("label_file: ./x", "`label_file` is not supported: labels are part of the desired state (write them under labels)")]
    [InlineData("links: [db]", "`links` is not supported: links are a legacy of the engine (services of one network find each other by name; use networks.NAME.aliases for other names)")]
    [InlineData("models: [m]", "`models` is not supported: models are no containers")]
    [InlineData("post_start: [{ command: x }]", "`post_start` is not supported: hooks do not run on a rollback")]
    [InlineData("pre_stop: [{ command: x }]", "`pre_stop` is not supported: hooks do not run on a rollback")]
    [InlineData("provider: { type: x }", "`provider` is not supported: what is not a container cannot be put back")]
    [InlineData("use_api_socket: true", "`use_api_socket` is not supported: it is a feature of the docker command (mount /var/run/docker.sock)")]
    [InlineData("volumes_from: [x]", "`volumes_from` is not supported: it hides which data a service uses (name the volumes)")]
    public void What_cannot_be_done_is_refused_by_name(string keys, string problem) => Assert.Equal($"4:5: error: services.web: {problem}", Desk.Wrong(keys));

    [Theory]
    [InlineData("attach: false", "4:5: note: services.web: `attach` has no effect here: only the terminal of `docker compose up` uses it")]
    [InlineData("develop: { watch: [] }", "4:5: note: services.web: `develop` has no effect here: only `docker compose watch` uses it")]
    [InlineData("deploy: { resources: { reservations: { cpus: '0.5' } } }", "4:44: note: services.web.deploy.resources.reservations: `cpus` has no effect here: a single engine does not reserve CPUs")]
    [InlineData("volumes: ['/a:/b:cached']", "4:15: note: services.web.volumes: `cached` has no effect here: it is Docker Desktop's")]
    public void What_changes_nothing_is_said(string keys, string problem) => Assert.Equal(problem, Desk.Wrong(keys));

    [Theory]
    [InlineData("deploy: { restart_policy: { condition: any } }", "4:15: error: services.web.deploy: `restart_policy` is not supported: the engine has one restart policy for each container (use restart)")]
    [InlineData("deploy: { labels: { a: b } }", "4:15: error: services.web.deploy: `labels` is not supported: they belong to a Swarm service (use labels of the service)")]
    [InlineData("deploy: { placement: { constraints: [] } }", "4:15: error: services.web.deploy: `placement` is not supported: there is one engine")]
    [InlineData("deploy: { update_config: { order: start-first } }", "4:15: error: services.web.deploy: `update_config` is not supported: the order of an update is the plan's (see reconciler.yaml)")]
    [InlineData("deploy: { rollback_config: { order: start-first } }", "4:15: error: services.web.deploy: `rollback_config` is not supported: rolling back is the reconciler's own work (see reconciler.yaml)")]
    [InlineData("deploy: { endpoint_mode: vip }", "4:15: error: services.web.deploy: `endpoint_mode` is not supported: it belongs to Swarm")]
    [InlineData("deploy: { mode: global }", "4:21: error: services.web.deploy.mode: `global` is not supported on a single engine (leave it out)")]
    [InlineData("deploy: { replicas: 3 }", "4:15: error: services.web.deploy: `replicas: 3` is not supported: a service is one container (write 0 or 1, or one service for each container)")]
    [InlineData("scale: 2", "4:5: error: services.web: `scale: 2` is not supported: a service is one container (write 0 or 1, or one service for each container)")]
    [InlineData("scale: 0\ndeploy: { replicas: 1 }", "4:5: error: services.web.scale: 0 contradicts deploy.replicas, 1 (keep one of the two)")]
    [InlineData("scale: many", "4:12: error: services.web.scale: `many` is not a whole number (write a whole number from 0 to 2147483647)")]
    [InlineData("deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }", "4:44: error: services.web.deploy.resources.reservations: `devices` is not supported: device requests are not mapped (use devices of the service)")]
    public void What_belongs_to_a_swarm_is_refused(string keys, string problem) => Assert.Equal(problem, Desk.Wrong(keys));

    [Theory]
    [InlineData("mem_limit: 512Q", "4:16: error: services.web.mem_limit: `512Q` is not a size (write a number with a unit: 512m, 1.5g, 64kb)")]
    [InlineData("mem_limit: -5m", "4:16: error: services.web.mem_limit: `-5m` is not a size (write a number with a unit: 512m, 1.5g, 64kb)")]
    [InlineData("mem_limit: 99999999999999999999g", "4:16: error: services.web.mem_limit: `99999999999999999999g` is not a size (write a number with a unit: 512m, 1.5g, 64kb)")]
    [InlineData("mem_limit: [1]", "4:16: error: services.web.mem_limit: must be a size, but is a list")]
    [InlineData("mem_limit: 1m", "4:5: error: services.web.mem_limit: a memory limit below 6 MiB is refused by the engine (write 6m or more)")]
    [InlineData("mem_limit: 10m\ndeploy: { resources: { limits: { memory: 20m } } }", "4:5: error: services.web.mem_limit: contradicts deploy.resources.limits.memory (keep one of the two)")]
    [InlineData("mem_limit: 10m\nmem_reservation: 20m", "5:5: error: services.web.mem_reservation: the memory reservation is larger than the limit (the limit is the larger of the two)")]
    [InlineData("memswap_limit: 10m", "4:5: error: services.web.memswap_limit: needs a memory limit beside it (set mem_limit)")]
    [InlineData("mem_limit: 20m\nmemswap_limit: 10m", "5:5: error: services.web.memswap_limit: is less than the memory limit (it counts memory and swap together)")]
    [InlineData("mem_swappiness: 101", "4:21: error: services.web.mem_swappiness: `101` is not a whole number (write a whole number from 0 to 100)")]
    [InlineData("cpus: fast", "4:11: error: services.web.cpus: `fast` is not a number of CPUs (write a number, such as 0.5)")]
    [InlineData("cpus: -1", "4:11: error: services.web.cpus: `-1` is not a number of CPUs (write a number, such as 0.5)")]
    [InlineData("oom_score_adj: 2000", "4:20: error: services.web.oom_score_adj: `2000` is not a whole number (write a whole number from -1000 to 1000)")]
    [InlineData("ulimits: { nofiles: 5 }", "4:16: error: services.web.ulimits: unknown limit `nofiles` (did you mean `nofile`?)")]
    [InlineData("ulimits: { nofile: { soft: 5 } }", "4:16: error: services.web.ulimits.nofile: needs both soft and hard")]
    [InlineData("ulimits: { nofile: { soft: 5, hard: 4 } }", "4:16: error: services.web.ulimits.nofile: soft, 5, is more than hard, 4")]
    [InlineData("devices: [ttyUSB0]", "4:15: error: services.web.devices: `ttyUSB0` is no device (write /dev/on-host:/dev/in-container:rwm)")]
    [InlineData("stop_grace_period: 10", "4:24: error: services.web.stop_grace_period: `10` is not a duration (write numbers with units: 30s, 1m30s, 500ms)")]
    [InlineData("stop_grace_period: 1d", "4:24: error: services.web.stop_grace_period: `1d` is not a duration (write numbers with units: 30s, 1m30s, 500ms)")]
    public void A_bad_amount_is_a_problem(string keys, string problem) => Assert.Equal(problem, Desk.Wrong(keys));

    [Theory]
    [InlineData("tty: maybe", "4:10: error: services.web.tty: `maybe` is not true or false (write true or false)")]
    [InlineData("init: [true]", "4:11: error: services.web.init: must be true or false, but is a list")]
    [InlineData("command: { a: b }", "4:16: error: services.web.command: must be a text or a list, but is a mapping", "4:14")]
    [InlineData("command: echo 'open", "4:14: error: services.web.command: has a quote ' that is not closed (quote it, or write a list: [sh, -c, \"…\"])")]
    [InlineData("command: a && b", "4:14: error: services.web.command: has `&` outside quotes, and no shell runs it (quote it, or write a list: [sh, -c, \"…\"])")]
    [InlineData("entrypoint: [[a]]", "4:18: error: services.web.entrypoint: must be a list of texts, but is a list")]
    [InlineData("environment: just-text", "4:18: error: services.web.environment: must be a mapping or a list of KEY=VALUE, but is a single value")]
    [InlineData("environment: { A: [b] }", "4:23: error: services.web.environment.A: must be a text, but is a list")]
    [InlineData("environment: ['=x']", "4:19: error: services.web.environment: a name is missing before `=`")]
    [InlineData("labels: [io.homeiq.instance=x]", "4:14: error: services.web.labels: `io.homeiq.instance` is not yours to set: labels that begin with io.homeiq. are the reconciler's own")]
    [InlineData("user: { a: b }", "4:11: error: services.web.user: must be a text, but is a mapping")]
    [InlineData("platform: arm", "4:15: error: services.web.platform: `arm` is no platform (write os/architecture, such as linux/amd64)")]
    [InlineData("ipc: hots", "4:10: error: services.web.ipc: `hots` is none of host, none, private, shareable, service:NAME, container:NAME (did you mean `host`?)")]
    [InlineData("uts: private", "4:10: error: services.web.uts: `private` is none of host")]
    [InlineData("pid: service:nobody", "4:10: error: services.web: there is no service `nobody`")]
    [InlineData("network_mode: service:web", "4:19: error: services.web: depends on itself")]
    [InlineData("security_opt: [no-new-privilege]", "4:20: error: services.web.security_opt: `no-new-privilege` is no security option (did you mean `no-new-privileges`?)")]
    [InlineData("security_opt: ['seccomp:./p.json']", "4:20: error: services.web.security_opt: a seccomp profile from a file is not supported (use seccomp=unconfined, or the engine's own profile)")]
    [InlineData("restart: on_failure", "4:14: error: services.web.restart: `on_failure` is none of no, always, unless-stopped, on-failure, on-failure:N (did you mean `on-failure`?)")]
    [InlineData("restart: unless-stoped", "4:14: error: services.web.restart: `unless-stoped` is none of no, always, unless-stopped, on-failure, on-failure:N (did you mean `unless-stopped`?)")]
    [InlineData("restart: on-failure:x", "4:14: error: services.web.restart: `on-failure:x` is none of no, always, unless-stopped, on-failure, on-failure:N (did you mean `on-failure`?)")]
    [InlineData("hostname: a b", "4:15: error: services.web.hostname: `a b` is no host name (letters, digits, `-` and `.`)")]
    [InlineData("container_name: x", "4:21: error: services.web: `x` is no name for a container (at least two letters, digits, `.`, `_` or `-`, beginning with a letter or digit)")]
    [InlineData("pull_policy: sometimes", "4:18: error: services.web.pull_policy: `sometimes` is none of missing, always, never, build")]
    [InlineData("pull_policy: daily", "4:18: error: services.web.pull_policy: `daily` is not supported: an image changes by a commit, not by the calendar (use missing, always, never or build)")]
    [InlineData("pull_policy: build", "4:18: error: services.web.pull_policy: `build` needs a build section")]
    public void A_bad_setting_of_the_process_is_a_problem(string keys, string problem, string? at = null) =>
        Assert.Equal(at is null ? problem : $"{at}{problem[problem.IndexOf(": ", StringComparison.Ordinal)..]}", Desk.Wrong(keys));

    [Theory]
    [InlineData("healthcheck: { interval: 5s }", "4:5: error: services.web.healthcheck: has no test (write the test out: single values are not mixed with those of the image's own health check)")]
    [InlineData("healthcheck: { test: [] }", "4:26: error: services.web.healthcheck.test: is an empty list (write [CMD, …], [CMD-SHELL, \"…\"] or [NONE])")]
    [InlineData("healthcheck: { test: [curl, -f, x] }", "4:27: error: services.web.healthcheck.test: begins with `curl` instead of CMD, CMD-SHELL or NONE (write [CMD, curl, …])")]
    [InlineData("healthcheck: { test: [CMD] }", "4:27: error: services.web.healthcheck.test: `CMD` does not stand with 0 more words (write [CMD, program, argument, …])")]
    [InlineData("healthcheck: { test: [CMD-SHELL, a, b] }", "4:27: error: services.web.healthcheck.test: `CMD-SHELL` does not stand with 2 more words (write [CMD-SHELL, \"the whole command as one text\"])")]
    [InlineData("healthcheck: { test: [CMD, a], interval: 5 }", "4:46: error: services.web.healthcheck.interval: `5` is not a duration (write numbers with units: 30s, 1m30s, 500ms)")]
    [InlineData("healthcheck: { test: [CMD, a], timeout: 100us }", "4:36: error: services.web.healthcheck.timeout: is shorter than the engine allows (write 1ms or more)")]
    [InlineData("healthcheck: { test: [CMD, a], retries: -1 }", "4:45: error: services.web.healthcheck.retries: `-1` is not a whole number (write a whole number from 0 to 2147483647)")]
    [InlineData("healthcheck: curl", "4:18: error: services.web.healthcheck: must be a mapping, but is a single value")]
    public void A_bad_health_check_is_a_problem(string keys, string problem) => Assert.Equal(problem, Desk.Wrong(keys));

    [Theory]
    [InlineData("ports: [99999]", "4:13: error: services.web.ports: `99999` is no port from 1 to 65535 (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: ['8080:http']", "4:13: error: services.web.ports: in `8080:http`, `http` is no port from 1 to 65535 (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: ['x:80']", "4:13: error: services.web.ports: in `x:80`, `x` is no port from 1 to 65535 (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: ['localhost:80:80']", "4:13: error: services.web.ports: in `localhost:80:80`, `localhost` is no address of the host (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: ['80:80/icmp']", "4:13: error: services.web.ports: in `80:80/icmp`, `icmp` is no protocol: tcp, udp and sctp are (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: ['8000-8010:80']", "4:13: error: services.web.ports: in `8000-8010:80`, a range of host ports for one port of the container is not supported: the port would be another each time (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: ['8000-8010:80-82']", "4:13: error: services.web.ports: in `8000-8010:80-82`, 11 host ports do not match 3 ports of the container (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)")]
    [InlineData("ports: '80:80'", "4:12: error: services.web.ports: must be a list, but is a single value")]
    [InlineData("ports: [[1]]", "4:13: error: services.web.ports: must be a list of ports, but is a list")]
    [InlineData("ports: [{ published: 80 }]", "4:13: error: services.web.ports.target: is missing")]
    [InlineData("ports: [{ target: 80, protocol: icmp }]", "4:37: error: services.web.ports.protocol: `icmp` is none of tcp, udp, sctp")]
    [InlineData("ports: [{ target: 80, publish: 80 }]", "4:27: error: services.web.ports: unknown key `publish` (did you mean `published`?)")]
    [InlineData("expose: [http]", "4:14: error: services.web.expose: `http` is no port of the container (write 8086 or 8086/udp)")]
    [InlineData("extra_hosts: ['a']", "4:19: error: services.web.extra_hosts: `a:` is no host with an address (write name:192.168.1.10 or name:host-gateway)")]
    [InlineData("extra_hosts: ['a:b']", "4:19: error: services.web.extra_hosts: `a:b` is no host with an address (write name:192.168.1.10 or name:host-gateway)")]
    [InlineData("dns: router", "4:10: error: services.web.dns: `router` is no address")]
    [InlineData("mac_address: 02:42", "4:18: error: services.web.mac_address: `02:42` is no MAC address (write six pairs: 02:42:ac:11:00:02)")]
    [InlineData("network_mode: bridge", "4:19: error: services.web.network_mode: `bridge` is not supported: on the engine's default bridge services do not find each other (leave it out, or name a network under networks)")]
    [InlineData("network_mode: hosts", "4:19: error: services.web.network_mode: `hosts` is none of host, none, service:NAME, container:NAME (did you mean `host`?)")]
    [InlineData("network_mode: host\nports: ['80:80']", "5:5: error: services.web.ports: network_mode: host publishes every port already (keep either ports or network_mode)")]
    [InlineData("network_mode: none\nnetworks: [default]", "5:5: error: services.web.networks: stands beside network_mode: none (keep either networks or network_mode)")]
    [InlineData("network_mode: container:x\nhostname: y", "5:5: error: services.web.hostname: network_mode: container:x is the other container's network (set it at that container)")]
    [InlineData("networks: [defaults]", "4:16: error: services.web.networks: there is no network `defaults` (did you mean `default`?)")]
    [InlineData("networks: [backend]", "4:16: error: services.web.networks: there is no network `backend` (define it under networks at the top: backend:)")]
    [InlineData("networks: { default: { ipv4_address: nine } }", "4:42: error: services.web.networks.default.ipv4_address: `nine` is no address of IP version 4")]
    [InlineData("networks: { default: { gw_priority: 1 } }", "4:28: error: services.web.networks.default: `gw_priority` is not supported: engines below version 28 do not know it (use priority)")]
    public void A_bad_port_or_network_is_a_problem(string keys, string problem) => Assert.Equal(problem, Desk.Wrong(keys));

    [Theory]
    [InlineData("volumes: ['dta:/d']", "4:15: error: services.web.volumes: there is no volume `dta` (did you mean `data`?)")]
    [InlineData("volumes: ['other:/d']", "4:15: error: services.web.volumes: there is no volume `other` (define it under volumes at the top: other:)")]
    [InlineData("volumes: ['a/b:/d']", "4:15: error: services.web.volumes: `a/b` is neither a volume nor a path (write ./a/b for a path)")]
    [InlineData("volumes: ['data:d']", "4:15: error: services.web.volumes: `data:d` is no mount (write volume:/path, ./path:/path or /path:/path, each with :ro if need be; the path in the container begins with /)")]
    [InlineData("volumes: ['data:/d:/e:ro']", "4:15: error: services.web.volumes: `data:/d:/e:ro` is no mount (write volume:/path, ./path:/path or /path:/path, each with :ro if need be; the path in the container begins with /)")]
    [InlineData("volumes: ['data:/d:readonly']", "4:15: error: services.web.volumes: `readonly` is no mode of a mount (write ro or rw)")]
    [InlineData("volumes: ['data:/d:r0']", "4:15: error: services.web.volumes: `r0` is no mode of a mount (did you mean `ro`?)")]
    [InlineData("volumes: ['/a:/d:z']", "4:15: error: services.web.volumes: `z` is not supported: labels of SELinux are not changed (label the folder on the host)")]
    [InlineData("volumes: ['./nothing:/d:ro']", "4:15: error: services.web.volumes: `desired-state/nothing` is not in the commit (a read-only relative path is taken from Git; for a file of the host write an absolute path)")]
    [InlineData("volumes: [{ target: /d }]", "4:15: error: services.web.volumes.type: is missing (write type: bind, volume or tmpfs)")]
    [InlineData("volumes: [{ type: bind, target: /d }]", "4:15: error: services.web.volumes.source: is missing (write an absolute path, or one that begins with ./)")]
    [InlineData("volumes: [{ type: volume, source: data }]", "4:15: error: services.web.volumes.target: is missing")]
    [InlineData("volumes: [{ type: volume, source: data, target: d }]", "4:45: error: services.web.volumes.target: `d` does not begin with /")]
    [InlineData("volumes: [{ type: npipe, source: x, target: /d }]", "4:17: error: services.web.volumes: `type: npipe` is not supported (use bind, volume or tmpfs)")]
    [InlineData("volumes: [{ type: volume, source: data, target: /d, bind: { propagation: rshared } }]", "4:57: error: services.web.volumes.bind: does not belong to a mount of type volume")]
    [InlineData("volumes: [{ type: bind, source: /x, target: /d, bind: { selinux: z } }]", "4:61: error: services.web.volumes.bind: `selinux` is not supported: labels of SELinux are not changed (label the folder on the host)")]
    [InlineData("volumes: [{ type: tmpfs, target: /d, tmpfs: { mode: 9 } }]", "4:57: error: services.web.volumes.tmpfs.mode: `9` is not an octal mode (write 1777)")]
    [InlineData("tmpfs: run", "4:12: error: services.web.tmpfs: `run` does not begin with / (write /path or /path:size=64m,mode=1777)")]
    [InlineData("volumes: ['data:/d']\ntmpfs: /d", "5:12: error: services.web: two mounts at /d, the other at desired-state/compose.yaml:4:15")]
    public void A_bad_mount_is_a_problem(string keys, string problem) =>
        Assert.Equal($"desired-state/compose.yaml:{problem}", Desk.Problems(Desk.Web(keys, "volumes:\n  data:\n")));

    [Theory]
    [InlineData("nginx", "`nginx` names no version")]
    [InlineData("nginx:latest", "`nginx:latest` names a tag that moves")]
    [InlineData("ghcr.io/a/b:stable", "`ghcr.io/a/b:stable` names a tag that moves")]
    [InlineData("localhost:5000/a", "`localhost:5000/a` names no version")]
    public void A_floating_tag_is_refused(string image, string problem) =>
        Assert.Equal($"desired-state/compose.yaml:2:17: error: services.web.image: {problem} (write a version, or a digest; policy.floating-tags: allow permits it)",
            Desk.Problems($"services:\n  web: {{ image: '{image}' }}\n"));

    [Theory]
    [InlineData("nginx:1.27")]
    [InlineData("nginx:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("registry.example.org:5000/team/app_x/y--z:1.0.0-rc.1")]
    [InlineData("localhost:5000/a:1")]
    [InlineData("127.0.0.1:5000/a:1")]
    [InlineData("registry:5000/a:1")]
    [InlineData("homeiq/data-api:1.0.0")]
    public void A_pinned_image_is_taken_as_it_is_written(string image) =>
        Assert.Equal(image, Desk.Load($"services:\n  web: {{ image: '{image}' }}\n").Find("web")!.Spec.Image);

    [Theory]
    [InlineData("Nginx:1.27")]
    [InlineData("nginx:")]
    [InlineData("nginx:1 27")]
    [InlineData("nginx@sha256:12")]
    [InlineData("a//b:1")]
    public void An_image_that_the_engine_would_refuse_is_a_problem(string image) =>
        Assert.Equal($"desired-state/compose.yaml:2:17: error: services.web.image: `{image}` is no image name (write repository:tag or repository:tag@sha256:…, the repository in small letters)",
            Desk.Problems($"services:\n  web: {{ image: '{image}' }}\n"));

    [Fact]
    public void A_floating_tag_is_allowed_by_the_policy() =>
        Assert.Equal("", Desk.Problems("services:\n  web: { image: nginx }\n", ("desired-state/reconciler.yaml", "version: 1\nproject: p\npolicy: { floating-tags: allow }\n")));

    [Fact]
    public void A_service_needs_an_image_or_a_build() =>
        Assert.Equal("desired-state/compose.yaml:2:3: error: services.web: has neither an image nor a build (pin it in compose.versions.yaml: services.web.image)",
            Desk.Problems("services:\n  web: { tty: true }\n"));
}
