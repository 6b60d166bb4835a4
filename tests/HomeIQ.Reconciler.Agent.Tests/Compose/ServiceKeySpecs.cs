using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class ServiceKeySpecs
{
    private static readonly ValueMap<string> Bare = SpecFields.Of(Desk.Spec("restart: \"no\""));

    [Theory]
    [InlineData("command: nginx -g 'daemon off;'", "command=nginx -g \"daemon off;\"")]
    [InlineData("command: [nginx, -g, daemon off;]", "command=nginx -g \"daemon off;\"")]
    [InlineData("command: python \"a b\" c\\ d", "command=python \"a b\" \"c d\"")]
    [InlineData("command: []", "command=")]
    [InlineData("command: \"\"", "command=")]
    [InlineData("command:", "")]
    [InlineData("entrypoint: /run.sh --fast", "entrypoint=/run.sh --fast")]
    [InlineData("entrypoint: [/run.sh]", "entrypoint=/run.sh")]
    [InlineData("entrypoint: []", "entrypoint=")]
    [InlineData("entrypoint: null", "")]
    [InlineData("environment: { A: 1, B: two words, C: true, D: 1.10 }", "env.A=1|env.B=two words|env.C=true|env.D=1.10")]
    [InlineData("environment: [A=1, B=two words, 'C=x=y', D=]", "env.A=1|env.B=two words|env.C=x=y|env.D=")]
    [InlineData("labels: { a.b: c, d: }", "label.a.b=c|label.d=")]
    [InlineData("labels: [a.b=c, d]", "label.a.b=c|label.d=")]
    [InlineData("user: \"1001:1001\"", "user=1001:1001")]
    [InlineData("user: 1001", "user=1001")]
    [InlineData("working_dir: /app", "working_dir=/app")]
    [InlineData("hostname: web-1\ndomainname: example.org", "hostname=web-1|domainname=example.org")]
    [InlineData("tty: true\nstdin_open: true", "tty=true|stdin_open=true")]
    [InlineData("tty: \"true\"", "tty=true")]
    [InlineData("init: true", "init=true")]
    [InlineData("init: false", "init=false")]
    [InlineData("read_only: yes", "read_only=true")]
    [InlineData("privileged: true", "privileged=true")]
    [InlineData("privileged: false", "")]
    [InlineData("platform: linux/arm64", "platform=linux/arm64")]
    [InlineData("stop_signal: SIGINT", "stop_signal=SIGINT")]
    [InlineData("stop_grace_period: 1m30s", "stop_grace_period=90s")]
    [InlineData("stop_grace_period: 500ms", "stop_grace_period=500ms")]
    [InlineData("runtime: runsc", "runtime=runsc")]
    [InlineData("restart: always", "restart=always")]
    [InlineData("restart: unless-stopped", "restart=unless-stopped")]
    [InlineData("restart: on-failure", "restart=on-failure")]
    [InlineData("restart: on-failure:5", "restart=on-failure:5")]
    [InlineData("restart: no", "")]
    public void The_process_is_what_its_keys_say(string keys, string fields) => Assert.Equal(Sorted(fields), Fields(keys));

    [Theory]
    [InlineData("healthcheck: { test: curl -f localhost }", "health.test=CMD-SHELL \"curl -f localhost\"|health.interval=30s|health.timeout=30s|health.retries=3|health.start_period=0s")]
    [InlineData("healthcheck: { test: [CMD, a], interval: 5s, timeout: 2s, retries: 7, start_period: 1m, start_interval: 200ms }", "health.test=CMD a|health.interval=5s|health.timeout=2s|health.retries=7|health.start_period=60s|health.start_interval=200ms")]
    [InlineData("healthcheck: { test: [CMD-SHELL, a && b] }", "health.test=CMD-SHELL \"a && b\"|health.interval=30s|health.timeout=30s|health.retries=3|health.start_period=0s")]
    [InlineData("healthcheck: { disable: true }", "health.test=NONE|health.interval=0s|health.timeout=0s|health.retries=0|health.start_period=0s")]
    [InlineData("healthcheck: { test: [NONE] }", "health.test=NONE|health.interval=0s|health.timeout=0s|health.retries=0|health.start_period=0s")]
    [InlineData("healthcheck: { disable: true, test: [CMD, a], interval: 3s }", "health.test=NONE|health.interval=0s|health.timeout=0s|health.retries=0|health.start_period=0s")]
    [InlineData("logging: { driver: json-file, options: { max-size: 10m, max-file: \"3\" } }", "logging.driver=json-file|logging.options.max-size=10m|logging.options.max-file=3")]
    [InlineData("logging: { driver: none }", "logging.driver=none")]
    [InlineData("logging: { options: { max-size: 10m } }", "logging.driver=|logging.options.max-size=10m")]
    [InlineData("logging: {}", "")]
    public void Supervision_is_what_its_keys_say(string keys, string fields) => Assert.Equal(Sorted(fields), Fields(keys));

    [Theory]
    [InlineData("mem_limit: 512m", "memory=512M")]
    [InlineData("mem_limit: 1.5G", "memory=1536M")]
    [InlineData("mem_limit: 1gb", "memory=1G")]
    [InlineData("mem_limit: 67108864", "memory=64M")]
    [InlineData("deploy: { resources: { limits: { memory: 64mb } } }", "memory=64M")]
    [InlineData("mem_limit: 64m\ndeploy: { resources: { limits: { memory: 65536k } } }", "memory=64M")]
    [InlineData("mem_reservation: 32m", "memory_reservation=32M")]
    [InlineData("deploy: { resources: { limits: { memory: 1G, cpus: '0.50', pids: 10 }, reservations: { memory: 512M } } }", "memory=1G|cpus=0.5|pids_limit=10|memory_reservation=512M")]
    [InlineData("mem_limit: 64m\nmemswap_limit: 128m", "memory=64M|memory_swap=128M")]
    [InlineData("memswap_limit: -1", "memory_swap=-1")]
    [InlineData("mem_swappiness: 0", "memory_swappiness=0")]
    [InlineData("cpus: 1.5", "cpus=1.5")]
    [InlineData("cpus: 0", "")]
    [InlineData("cpu_shares: 512", "cpu_shares=512")]
    [InlineData("cpu_quota: 50000\ncpu_period: 100ms", "cpu_quota=50000|cpu_period=100000")]
    [InlineData("cpuset: 0-1", "cpuset=0-1")]
    [InlineData("pids_limit: 100", "pids_limit=100")]
    [InlineData("pids_limit: -1", "")]
    [InlineData("shm_size: 64kb", "shm_size=64K")]
    [InlineData("oom_score_adj: -500", "oom_score_adj=-500")]
    [InlineData("oom_kill_disable: true", "oom_kill_disable=true")]
    [InlineData("ulimits: { nproc: 65535, nofile: { soft: 20000, hard: 40000 } }", "ulimit.nproc=65535|ulimit.nofile=20000:40000")]
    [InlineData("ulimits: { memlock: -1 }", "ulimit.memlock=-1")]
    [InlineData("sysctls: { net.core.somaxconn: 1024 }", "sysctl.net.core.somaxconn=1024")]
    [InlineData("sysctls: [net.core.somaxconn=1024]", "sysctl.net.core.somaxconn=1024")]
    [InlineData("storage_opt: { size: 1G }", "storage_opt.size=1G")]
    [InlineData("devices: [/dev/ttyUSB0, '/dev/a:/dev/b', '/dev/c:/dev/d:r']", "devices=/dev/b /dev/d /dev/ttyUSB0", true)]
    [InlineData("devices: [{ source: /dev/a, target: /dev/b, permissions: rw }]", "devices=/dev/a:/dev/b:rw")]
    [InlineData("device_cgroup_rules: ['c 1:3 mr']", "device_cgroup_rules=\"c 1:3 mr\"")]
    public void Resources_are_what_their_keys_say(string keys, string fields, bool targets = false) =>
        Assert.Equal(Sorted(fields), targets ? $"devices={string.Join(' ', Desk.Spec(keys).Devices.Select(device => device.ContainerPath))}" : Fields(keys));

    [Theory]
    [InlineData("cap_add: [NET_ADMIN, cap_sys_time]", "cap_add=NET_ADMIN SYS_TIME")]
    [InlineData("cap_drop: [ALL]", "cap_drop=ALL")]
    [InlineData("security_opt: ['no-new-privileges:true', 'seccomp:unconfined']", "security_opt=no-new-privileges=true seccomp=unconfined")]
    [InlineData("security_opt: [no-new-privileges]", "security_opt=no-new-privileges=true")]
    [InlineData("security_opt: ['no-new-privileges:false']", "")]
    [InlineData("group_add: [\"0\", video]", "group_add=0 video")]
    [InlineData("group_add: [0]", "group_add=0")]
    [InlineData("ipc: host\npid: host\nuts: host\nuserns_mode: host\ncgroup: private", "ipc=host|pid=host|uts=host|userns_mode=host|cgroup=private")]
    [InlineData("ipc: shareable", "ipc=shareable")]
    [InlineData("pid: container:other", "pid=container:other")]
    [InlineData("cgroup_parent: m-executor-abcd", "cgroup_parent=m-executor-abcd")]
    public void Rights_are_what_their_keys_say(string keys, string fields) => Assert.Equal(Sorted(fields), Fields(keys));

    [Theory]
    [InlineData("ports: [8080]", "ports=*->8080/tcp")]
    [InlineData("ports: ['8080:80']", "ports=8080->80/tcp")]
    [InlineData("ports: ['127.0.0.1:8080:80/udp']", "ports=127.0.0.1:8080->80/udp")]
    [InlineData("ports: ['[::1]:8080:80']", "ports=::1:8080->80/tcp")]
    [InlineData("ports: ['127.0.0.1::80']", "ports=127.0.0.1:*->80/tcp")]
    [InlineData("ports: ['0:80']", "ports=*->80/tcp")]
    [InlineData("ports: ['3000-3002:4000-4002']", "ports=3000->4000/tcp 3001->4001/tcp 3002->4002/tcp")]
    [InlineData("ports: ['9000-9001']", "ports=*->9000/tcp *->9001/tcp")]
    [InlineData("ports: ['5353:53/UDP', '5353:53/sctp']", "ports=5353->53/sctp 5353->53/udp")]
    [InlineData("ports: [{ target: 80 }]", "ports=*->80/tcp")]
    [InlineData("ports: [{ target: 80, published: \"8080\", host_ip: 127.0.0.1, protocol: udp, mode: host, name: x, app_protocol: http }]", "ports=127.0.0.1:8080->80/udp")]
    [InlineData("ports: [{ target: 80, published: 8080 }, '8080:80']", "ports=8080->80/tcp")]
    [InlineData("expose: [3000, '8000/udp', '7000-7001']", "expose=3000/tcp 7000/tcp 7001/tcp 8000/udp")]
    [InlineData("extra_hosts: ['a:10.0.0.1', 'b=host-gateway', 'c:::1', 'd=[::2]']", "extra_hosts=a:10.0.0.1 b:host-gateway c:::1 d:::2")]
    [InlineData("extra_hosts: { a: 10.0.0.1, b: host-gateway }", "extra_hosts=a:10.0.0.1 b:host-gateway")]
    [InlineData("dns: 1.1.1.1\ndns_search: example.org\ndns_opt: [use-vc]", "dns=1.1.1.1|dns_search=example.org|dns_opt=use-vc")]
    [InlineData("dns: [9.9.9.9, 1.1.1.1]", "dns=9.9.9.9 1.1.1.1")]
    public void Ports_and_names_are_what_their_keys_say(string keys, string fields) => Assert.Equal(Sorted(fields), Fields(keys));

    [Theory]
    [InlineData("network_mode: host", "-network.p_default|-network.p_default.aliases|network_mode=host")]
    [InlineData("network_mode: none", "-network.p_default|-network.p_default.aliases|network_mode=none")]
    [InlineData("network_mode: container:vpn", "-network.p_default|-network.p_default.aliases|network_mode=container:vpn")]
    [InlineData("networks: [a, b]", "-network.p_default|-network.p_default.aliases|network.p_a=joined|network.p_a.aliases=web|network.real=joined|network.real.aliases=web")]
    [InlineData("networks: { a: , default: }", "network.p_a=joined|network.p_a.aliases=web")]
    [InlineData("networks: { a: { aliases: [z, y, web], priority: 5, mac_address: 02-42-AC-11-65-43, driver_opts: { x: 1 } } }",
        "-network.p_default|-network.p_default.aliases|network.p_a=joined, priority 5|network.p_a.aliases=web y z|network.p_a.mac_address=02:42:ac:11:65:43|network.p_a.driver_opts.x=1")]
    [InlineData("networks: { s: { ipv4_address: 172.28.0.9, ipv6_address: 'fd00::9', link_local_ips: [169.254.8.8] } }",
        "-network.p_default|-network.p_default.aliases|network.p_s=joined|network.p_s.aliases=web|network.p_s.ipv4_address=172.28.0.9|network.p_s.ipv6_address=fd00::9|network.p_s.link_local_ips=169.254.8.8")]
    [InlineData("mac_address: 02:42:ac:11:65:43", "network.p_default.mac_address=02:42:ac:11:65:43")]
    public void Networks_are_joined_by_their_real_names(string keys, string fields) =>
        Assert.Equal(Sorted(fields), Sorted(Fields(keys, "networks:\n  a:\n  b: { external: true, name: real }\n  s: { ipam: { config: [{ subnet: 172.28.0.0/16 }, { subnet: 'fd00::/64' }] }, enable_ipv6: true }\n")));

    [Theory]
    [InlineData("volumes: ['data:/var/lib/x']", "mount./var/lib/x=volume p_data")]
    [InlineData("volumes: ['data:/var/lib/x:ro']", "mount./var/lib/x=volume p_data ro")]
    [InlineData("volumes: ['data:/var/lib/x/:rw,nocopy']", "mount./var/lib/x=volume p_data nocopy=true")]
    [InlineData("volumes: ['kept:/x']", "mount./x=volume real-name")]
    [InlineData("volumes: [/cache]", "mount./cache=volume")]
    [InlineData("volumes: ['/etc/localtime:/etc/localtime:ro']", "mount./etc/localtime=bind /etc/localtime ro")]
    [InlineData("volumes: ['/srv//x/../y:/y:rshared']", "mount./y=bind /srv/y propagation=rshared")]
    [InlineData("volumes: ['./logs:/logs']", "mount./logs=bind /srv/p/desired-state/logs")]
    [InlineData("volumes: ['./seeded:/s']", "mount./s=bind /srv/p/desired-state/seeded seed=desired-state/seeded")]
    [InlineData("volumes: ['../up:/u:rw']", "mount./u=bind /srv/p/up")]
    [InlineData("volumes: [{ type: volume, source: data, target: /d, read_only: true, volume: { nocopy: true, subpath: a/b } }]", "mount./d=volume p_data ro nocopy=true subpath=a/b")]
    [InlineData("volumes: [{ type: volume, target: /d }]", "mount./d=volume")]
    [InlineData("volumes: [{ type: bind, source: /srv/x, target: /x, bind: { propagation: rslave, create_host_path: false } }]", "mount./x=bind /srv/x propagation=rslave create_host_path=false")]
    [InlineData("volumes: [{ type: bind, source: ./logs, target: /x, bind: { recursive: enabled } }]", "mount./x=bind /srv/p/desired-state/logs")]
    [InlineData("volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 64m, mode: 0o1777 } }]", "mount./t=tmpfs size=64M mode=1777")]
    [InlineData("volumes: [{ type: tmpfs, target: /t, tmpfs: { mode: 700 } }]", "mount./t=tmpfs mode=700")]
    [InlineData("tmpfs: /run", "tmpfs./run=")]
    [InlineData("tmpfs: ['/run:size=64m,mode=1777', /tmp]", "tmpfs./run=size=64m,mode=1777|tmpfs./tmp=")]
    public void Mounts_are_what_their_keys_say(string keys, string fields)
    {
        var with = SpecFields.Of(Desk.Load(Desk.Web(keys, "volumes:\n  data:\n  kept: { external: true, name: real-name }\n"), ("desired-state/seeded/a", "x")).Find("web")!.Spec);

        Assert.Equal(Sorted(fields), Sorted(Difference(with)));
    }

    [Theory]
    [InlineData("pull_policy: always", PullPolicy.Always)]
    [InlineData("pull_policy: never", PullPolicy.Never)]
    [InlineData("pull_policy: missing", PullPolicy.Missing)]
    [InlineData("pull_policy: if_not_present", PullPolicy.Missing)]
    [InlineData("tty: false", PullPolicy.Missing)]
    public void The_pull_policy_is_what_its_key_says(string keys, PullPolicy policy) => Assert.Equal(policy, Desk.Load(Desk.Web(keys)).Find("web")!.Pull);

    [Theory]
    [InlineData("scale: 0", 0)]
    [InlineData("scale: 1", 1)]
    [InlineData("deploy: { replicas: 0 }", 0)]
    [InlineData("deploy: { replicas: 1, mode: replicated }", 1)]
    [InlineData("scale: 0\ndeploy: { replicas: 0 }", 0)]
    public void A_service_is_no_container_or_one(string keys, int scale) => Assert.Equal(scale, Desk.Load(Desk.Web(keys)).Find("web")!.Scale);

    [Theory]
    [InlineData("depends_on: [db]", "db Started False True")]
    [InlineData("depends_on: { db: { condition: service_healthy, restart: true } }", "db Healthy True True")]
    [InlineData("depends_on: { db: { condition: service_completed_successfully, required: false } }", "db CompletedSuccessfully False False")]
    [InlineData("depends_on: { db: { condition: service_started } }", "db Started False True")]
    [InlineData("network_mode: service:db", "db Started True True")]
    [InlineData("pid: service:db\nipc: service:db", "db Started True True")]
    [InlineData("network_mode: service:db\ndepends_on: { db: { condition: service_healthy } }", "db Healthy False True")]
    public void Dependencies_are_what_their_keys_say(string keys, string dependency)
    {
        var service = Desk.Load(Desk.Web(keys) + "  db: { image: 'postgres:17' }\n").Find("web")!;

        Assert.Equal(dependency, string.Join('\n', service.DependsOn.Select(one => $"{one.Service} {one.Condition} {one.Restart} {one.Required}")));
    }

    [Fact]
    public void Names_that_nobody_gave_are_made_of_the_project()
    {
        var state = Desk.Load(Desk.Web("volumes: ['data:/d']", "volumes:\n  data:\n"));

        Assert.Equal("p-web-1", state.Find("web")!.ContainerName);
        Assert.Equal(["p_default"], state.Networks.Select(network => network.Name));
        Assert.Equal(["p_data"], state.Volumes.Select(volume => volume.Name));
    }

    [Fact]
    public void Only_what_services_use_is_wanted()
    {
        var state = Desk.Load(Desk.Web("networks: [a]", "networks:\n  a:\n  b:\nvolumes:\n  c:\n"));

        Assert.Equal(["p_a"], state.Networks.Select(network => network.Name));
        Assert.Empty(state.Volumes);
    }

    [Fact]
    public void Networks_and_volumes_are_what_their_keys_say()
    {
        var state = Desk.Load(Desk.Web("networks: [a]\nvolumes: ['v:/v', 'e:/e']", """
            networks:
              a:
                driver: macvlan
                driver_opts: { parent: eth0 }
                internal: true
                attachable: true
                enable_ipv6: true
                labels: [x=y]
                ipam:
                  driver: default
                  options: { o: 1 }
                  config: [{ subnet: 10.1.0.0/16, gateway: 10.1.0.1, ip_range: 10.1.2.0/24, aux_addresses: { router: 10.1.0.2 } }]
            volumes:
              v: { name: real, driver: local, driver_opts: { type: nfs, o: addr=10.0.0.1, device: ':/x' }, labels: { a: b } }
              e: { external: { name: older } }

            """));

        Assert.Equal(
            new DesiredNetwork("p_a")
            {
                Driver = "macvlan",
                DriverOptions = new([new("parent", "eth0")]),
                Internal = true,
                Attachable = true,
                EnableIpv6 = true,
                Labels = new([new("x", "y")]),
                IpamOptions = new([new("o", "1")]),
                Pools = [new("10.1.0.0/16", "10.1.0.1", "10.1.2.0/24", new([new("router", "10.1.0.2")]))],
            },
            Assert.Single(state.Networks));
        Assert.Equal(
            [
                new("older") { External = true },
                new("real") { DriverOptions = new([new("type", "nfs"), new("o", "addr=10.0.0.1"), new("device", ":/x")]), Labels = new([new("a", "b")]) },
            ],
            state.Volumes);
    }

    private static string Fields(string keys, string top = "") => Sorted(Difference(SpecFields.Of(Desk.Spec(keys, top))));

    // What these keys add to a bare service, and (with a minus) take away.
    private static string Difference(ValueMap<string> with)
    {
        var gone = Bare.Keys.Where(key => !with.ContainsKey(key)).Select(key => $"-{key}");
        var added = with.Where(field => !Bare.TryGetValue(field.Key, out var was) || was != field.Value).Select(field => $"{field.Key}={field.Value}");

        return string.Join('|', gone.Concat(added));
    }

    private static string Sorted(string fields) => string.Join('|', fields.Split('|').Order(StringComparer.Ordinal));
}
