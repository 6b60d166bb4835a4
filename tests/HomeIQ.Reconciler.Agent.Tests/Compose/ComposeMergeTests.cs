using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class ComposeMergeTests
{
    [Theory]
    [InlineData("image: a:1", "image: a:2", "image: a:2")]
    [InlineData("image: a:1", "restart: always", "image: a:1\nrestart: always")]
    [InlineData("image: a:1", "image:", "image: a:1")]
    [InlineData("command: [a, b]", "command: [c]", "command: [c]")]
    [InlineData("command: a b", "command: [c]", "command: [c]")]
    [InlineData("command: [a, b]", "command:", "command: ~")]
    [InlineData("entrypoint: [a, b]", "entrypoint: c", "entrypoint: c")]
    [InlineData("healthcheck: {test: [CMD, a], interval: 5s}", "healthcheck: {test: b}", "healthcheck:\n  test: b\n  interval: 5s")]
    [InlineData("environment: {A: 1, B: 2}", "environment: {B: 3, C: 4}", "environment:\n  A: 1\n  B: 3\n  C: 4")]
    [InlineData("environment: [A=1, B=2]", "environment: {B: 3}", "environment:\n  A: \"1\"\n  B: 3")]
    [InlineData("environment: {A: 1}", "environment: [A=2, C, D=, E=a=b]", "environment:\n  A: \"2\"\n  C: ~\n  D: \"\"\n  E: \"a=b\"")]
    [InlineData("environment: [A=1]", "environment: [A]", "environment:\n  A: ~")]
    [InlineData("environment: {A: 1}", "environment: {A: }", "environment:\n  A: ~")]
    [InlineData("labels: [a=1]", "labels: {a: 2, x-own: 3}", "labels:\n  a: 2\n  x-own: 3")]
    [InlineData("annotations: [a=1]", "annotations: {b: 2}", "annotations:\n  a: \"1\"\n  b: 2")]
    [InlineData("sysctls: [net.core.somaxconn=1]", "sysctls: {net.core.somaxconn: 2}", "sysctls:\n  net.core.somaxconn: 2")]
    [InlineData("depends_on: [a]", "depends_on: {b: {condition: service_healthy}}", "depends_on:\n  a:\n    condition: service_started\n  b:\n    condition: service_healthy")]
    [InlineData("depends_on: {a: {condition: service_healthy, restart: true}}", "depends_on: [a]", "depends_on:\n  a:\n    condition: service_started\n    restart: true")]
    [InlineData("networks: [a]", "networks: {a: {aliases: [x]}, b: }", "networks:\n  a:\n    aliases: [x]\n  b: ~")]
    [InlineData("networks: {a: {aliases: [x], priority: 1}}", "networks: {a: {aliases: [x, y], priority: 2}}", "networks:\n  a:\n    aliases: [x, y]\n    priority: 2")]
    [InlineData("networks: {a: {aliases: [x]}}", "networks: [a]", "networks:\n  a:\n    aliases: [x]")]
    [InlineData("build: ./a", "build: {args: [X=1]}", "build:\n  context: ./a\n  args:\n    X: \"1\"")]
    [InlineData("build: {context: ./a, args: {X: 1, Y: 2}}", "build: {context: ./b, args: [Y=3]}", "build:\n  context: ./b\n  args:\n    X: 1\n    Y: \"3\"")]
    [InlineData("build: {context: ./a, dockerfile: b/Dockerfile, additional_contexts: [lib=../lib]}", "build: {target: t}", null)]
    [InlineData("build: {context: https://example.org/a.git, additional_contexts: {s: 'service:x', i: 'docker-image://y'}}", "restart: always", "build:\n  context: https://example.org/a.git\n  additional_contexts:\n    s: \"service:x\"\n    i: \"docker-image://y\"\nrestart: always")]
    [InlineData("ports: ['80:80']", "ports: ['80:80', '81:80']", "ports: [\"80:80\", \"81:80\"]")]
    [InlineData("ports: ['80:80/tcp']", "ports: [{target: 80, published: 80}]", "ports:\n  -\n    target: 80\n    published: 80")]
    [InlineData("ports: ['127.0.0.1:80:80']", "ports: ['80:80', '80:80/udp']", "ports: [\"127.0.0.1:80:80\", \"80:80\", \"80:80/udp\"]")]
    [InlineData("ports: [80]", "ports: [80, '0.0.0.0:90:80']", "ports: [80, \"0.0.0.0:90:80\"]")]
    [InlineData("volumes: ['a:/x', 'b:/y:ro']", "volumes: ['c:/y']", "volumes: [\"a:/x\", \"c:/y\"]")]
    [InlineData("volumes: ['a:/x']", "volumes: [{type: bind, source: ./d, target: /x}, /anonymous]", "volumes:\n  -\n    type: bind\n    source: ./d\n    target: /x\n  - /anonymous")]
    [InlineData("volumes: ['./a:/x:ro']", "restart: always", "volumes: [\"./a:/x:ro\"]\nrestart: always")]
    [InlineData("volumes: ['/abs:/x', '~/home:/y', 'name:/z', '.:/w']", "restart: always", "volumes: [\"/abs:/x\", \"~/home:/y\", \"name:/z\", \"./:/w\"]\nrestart: always")]
    [InlineData("devices: ['/dev/a:/dev/x']", "devices: ['/dev/b:/dev/x:rw', /dev/c]", "devices: [\"/dev/b:/dev/x:rw\", /dev/c]")]
    [InlineData("configs: [a]", "configs: [{source: b, target: /a}]", "configs:\n  -\n    source: b\n    target: /a")]
    [InlineData("secrets: [a, b]", "secrets: [{source: c, target: a}]", "secrets:\n  -\n    source: c\n    target: a\n  -\n    source: b")]
    [InlineData("env_file: a.env", "env_file: [./b.env, {path: sub/c.env, required: false}]", "env_file:\n  -\n    path: ./a.env\n  -\n    path: ./b.env\n  -\n    path: ./sub/c.env\n    required: false")]
    [InlineData("env_file: [a.env]", "env_file: ./a.env", "env_file:\n  -\n    path: ./a.env")]
    [InlineData("extra_hosts: ['h:1.2.3.4']", "extra_hosts: {h: 1.2.3.4, v6: '[::1]'}", "extra_hosts: [\"h=1.2.3.4\", \"v6=::1\"]")]
    [InlineData("extra_hosts: ['host.docker.internal:host-gateway']", "extra_hosts: ['v6=::1', 'w:[::2]']", "extra_hosts: [\"host.docker.internal=host-gateway\", \"v6=::1\", \"w=::2\"]")]
    [InlineData("dns: 1.1.1.1", "dns: [1.1.1.1, 8.8.8.8]", "dns: [1.1.1.1, 8.8.8.8]")]
    [InlineData("dns_search: a", "dns_search: b", "dns_search: [a, b]")]
    [InlineData("tmpfs: /run:size=1m", "tmpfs: ['/run:size=2m', /tmp]", "tmpfs: [\"/run:size=2m\", /tmp]")]
    [InlineData("cap_add: [A, B]", "cap_add: [B, C]", "cap_add: [A, B, C]")]
    [InlineData("cap_drop: [ALL]", "cap_drop: [ALL]", "cap_drop: [ALL]")]
    [InlineData("expose: [80]", "expose: ['80', 81]", "expose: [\"80\", 81]")]
    [InlineData("profiles: [a]", "profiles: [a, b]", "profiles: [a, b]")]
    [InlineData("group_add: ['0']", "group_add: [adm]", "group_add: [\"0\", adm]")]
    [InlineData("security_opt: [a]", "security_opt: [b]", "security_opt: [a, b]")]
    [InlineData("ulimits: {nofile: 5}", "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 7}", "ulimits:\n  nofile:\n    soft: 1\n    hard: 2\n  nproc: 7")]
    [InlineData("ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: {soft: 3}}", "ulimits:\n  nofile:\n    soft: 3\n    hard: 2")]
    [InlineData("ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: 9}", "ulimits:\n  nofile: 9")]
    [InlineData("logging: {driver: json-file, options: {max-size: 10m}}", "logging: {options: {max-file: '3'}}", "logging:\n  driver: json-file\n  options:\n    max-size: 10m\n    max-file: \"3\"")]
    [InlineData("logging: {driver: json-file, options: {max-size: 10m}}", "logging: {driver: local}", "logging:\n  driver: local")]
    [InlineData("deploy: {resources: {limits: {memory: 1G}}}", "deploy: {resources: {limits: {cpus: '1'}}, labels: [a=b]}", "deploy:\n  resources:\n    limits:\n      memory: 1G\n      cpus: \"1\"\n  labels:\n    a: \"b\"")]
    [InlineData("x-own: 1\nimage: a", "logging: {x-own: 2, options: {x-kept: 3}}", "image: a\nlogging:\n  options:\n    x-kept: 3")]
    [InlineData("ports: ['80:80']\nimage: a", "ports: !reset null", "image: a")]
    [InlineData("ports: ['80:80']", "ports: !reset []", "{}")]
    [InlineData("ports: ['80:80']", "ports: !override ['81:80']", "ports: [\"81:80\"]")]
    [InlineData("environment: {A: 1, B: 2}", "environment: {A: !reset null}", "environment:\n  B: 2")]
    [InlineData("environment: {A: 1, B: 2}", "environment: !override {C: 3}", "environment:\n  C: 3")]
    [InlineData("environment: [A=1]", "environment: !override [C=3]", "environment:\n  C: \"3\"")]
    [InlineData("depends_on: [a, b]", "depends_on: {a: !reset null}", "depends_on:\n  b:\n    condition: service_started")]
    public void A_later_file_is_merged_over_an_earlier_one(string earlier, string later, string? expected)
    {
        var merged = Service(earlier, later);

        Assert.Equal(expected ?? "build:\n  context: ./a\n  dockerfile: b/Dockerfile\n  additional_contexts:\n    lib: \"./lib\"\n  target: t", merged);
    }

    [Theory]
    [InlineData("networks: {n: {labels: [a=1], driver_opts: {o: 1}}}", "networks: {n: {labels: {b: 2}, driver_opts: {p: 2}}}", "networks:\n  n:\n    labels:\n      a: \"1\"\n      b: 2\n    driver_opts:\n      o: 1\n      p: 2")]
    [InlineData("networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}", "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}, {subnet: 10.0.1.0/24}]}}}", "networks:\n  n:\n    ipam:\n      config:\n        -\n          subnet: 10.0.0.0/24\n          gateway: 10.0.0.1\n        -\n          subnet: 10.0.1.0/24")]
    [InlineData("volumes: {v: }", "volumes: {v: {external: true, name: x}}", "volumes:\n  v:\n    external: true\n    name: x")]
    [InlineData("volumes: {v: {name: x}}", "volumes: {v: }", "volumes:\n  v:\n    name: x")]
    [InlineData("volumes: {v: {labels: {a: 1}}}", "volumes: {v: {labels: [a=2]}}", "volumes:\n  v:\n    labels:\n      a: \"2\"")]
    [InlineData("configs: {c: {file: ./c.txt}}", "secrets: {s: {file: sub/s.txt}}", "configs:\n  c:\n    file: ./c.txt\nsecrets:\n  s:\n    file: ./sub/s.txt")]
    [InlineData("services: {a: {image: x}}\nx-shared: {b: c}", "services: {b: {image: y}, a: !reset null}", "services:\n  b:\n    image: y")]
    [InlineData("services: {x-web: {image: a}}", "networks:", "services:\n  x-web:\n    image: a")]
    [InlineData("services:", "services: {a: {image: x}}", "services:\n  a:\n    image: x")]
    public void Top_level_sections_are_merged_too(string earlier, string later, string expected) =>
        Assert.Equal(expected, ComposeCase.Merge(earlier, later));

    [Theory]
    [InlineData("services: {a: {deploy: {resources: {limits: 1}}}}", "services: {a: {deploy: [x]}}", "2.yaml:1:24: error: a list cannot be merged with a mapping at 1.yaml:1:24 (write both alike, or `!override` to replace)")]
    [InlineData("services: {a: {ports: [80]}}", "services: {a: {ports: {x: 1}}}", "2.yaml:1:23: error: a mapping cannot be merged with a list at 1.yaml:1:23 (write both alike, or `!override` to replace)")]
    [InlineData("services: {a: {ports: [80]}}", "services: {a: {ports: 80}}", "2.yaml:1:23: error: a single value cannot be merged with a list at 1.yaml:1:23 (write both alike, or `!override` to replace)")]
    [InlineData("services: {a: {ports: 80}}", "services: {a: {ports: [80]}}", "")]
    [InlineData("services: [a]", "services: {a: {image: b}}", "1.yaml:1:11: error: `services` must be a mapping")]
    [InlineData("services: {a: {ports: [!reset 80]}}", "services: {a: {image: b}}", "1.yaml:1:24: error: `!reset` cannot stand at an item of a list (put it at the list's key)")]
    [InlineData("services: {a: {volumes: ['a:/x', 'b:/x/']}}", "services: {a: {image: b}}", "1.yaml:1:34: warning: `/x` is already taken by the item at 1.yaml:1:26; the later counts")]
    [InlineData("services: {a: {environment: [A=1, A=2]}}", "services: {a: {image: b}}", "1.yaml:1:35: warning: `A` is set twice in one list; the later counts")]
    [InlineData("services: {a: {build: ../a}}", "services: {a: {volumes: ['../x:/y']}}", "1.yaml:1:23: error: the path `../a` leads out of the tree (only files of the repository can be named by a relative path)\n2.yaml:1:26: error: the path `../x` leads out of the tree (only files of the repository can be named by a relative path)")]
    [InlineData("version: '3.8'\nservices: {}", "name: \n", "1.yaml:1:1: note: `version` is obsolete and says nothing (leave it out)\n2.yaml:1:6: error: `name` must be the project's name")]
    [InlineData("", "services: {}", "1.yaml: error: the Compose file is empty")]
    [InlineData("- a", "just text", "1.yaml:1:1: error: a Compose file is a mapping\n2.yaml:1:1: error: a Compose file is a mapping")]
    [InlineData("services: {a: {image: $X}}", "services: {a: {image: a:$Y}}", "1.yaml:1:23: error: the variable `X` is not set (no env file is named: give one with --env-file, or write ${X:-default})\n2.yaml:1:23: error: the variable `Y` is not set (no env file is named: give one with --env-file, or write ${Y:-default})")]
    public void What_does_not_fit_is_a_problem_at_its_place(string earlier, string later, string expected) =>
        Assert.Equal(expected, ComposeCase.Problems(earlier, later));

    [Fact]
    public void Three_files_are_merged_in_their_order() =>
        Assert.Equal(
            "services:\n  a:\n    image: x:3\n    environment:\n      A: 1\n      B: 2\n      C: 3\n    ports: [\"3:3\"]",
            ComposeCase.Merge(
                "services: {a: {image: x:1, environment: {A: 1}, ports: ['1:1']}}",
                "services: {a: {image: x:2, environment: {B: 2}, ports: ['2:2']}}",
                "services: {a: {image: x:3, environment: {C: 3}, ports: !override ['3:3']}}"));

    [Fact]
    public void A_file_of_versions_changes_the_image_and_nothing_else() =>
        Assert.Equal(
            "services:\n  influxdb:\n    image: influxdb:2.8.0\n    ports: [\"8086:8086\"]\n  data-api:\n    build:\n      context: ./data-api\n    image: homeiq/data-api:1.1",
            ComposeCase.Merge(
                "services: {influxdb: {image: 'influxdb:2.7', ports: ['8086:8086']}, data-api: {build: ./data-api}}",
                "services:\n  influxdb:\n    image: influxdb:2.8.0\n  data-api:\n    image: homeiq/data-api:1.1\n"));

    [Fact]
    public void A_reset_holds_for_what_a_service_extends_and_for_earlier_files() =>
        Assert.Equal(
            "services:\n  a:\n    image: x\n  base:\n    ports: [\"2:2\"]",
            ComposeCase.Merge(
                "services: {a: {image: x, ports: ['1:1']}}",
                "services: {base: {ports: ['2:2']}, a: {extends: base, ports: !reset []}}"));

    [Fact]
    public void The_last_name_counts_and_name_and_version_are_no_part_of_the_tree()
    {
        var tree = new MemoryTree { ["a/1.yaml"] = "name: one\nservices: {}", ["a/2.yaml"] = "name: ${N:-two}" };

        var (merged, problems) = ComposeCase.Load(tree, ["a/1.yaml", "a/2.yaml"]);

        Assert.Empty(problems);
        Assert.Equal(("two", "a", "services: {}"), (merged!.ProjectName, merged.Folder, TreeText.Of(merged.Root)));
    }

    [Fact]
    public void Relative_paths_of_every_file_start_at_the_first_files_folder()
    {
        var tree = new MemoryTree
        {
            ["desired-state/compose.yaml"] = "services: {a: {build: ../services/a, volumes: ['./conf:/conf:ro', '../:/all'], env_file: a.env}}",
            ["other/override.yaml"] = "services: {a: {volumes: [./more:/more]}}\nconfigs: {c: {file: ../c.txt}}",
        };

        var (merged, problems) = ComposeCase.Load(tree, ["desired-state/compose.yaml", "other/override.yaml"]);

        Assert.Empty(problems);
        Assert.Equal(
            """
            services:
              a:
                build:
                  context: ./services/a
                volumes: ["./desired-state/conf:/conf:ro", "./:/all", ./desired-state/more:/more]
                env_file:
                  -
                    path: ./desired-state/a.env
            configs:
              c:
                file: ./c.txt
            """,
            TreeText.Of(merged!.Root));
    }

    [Fact]
    public void Values_of_the_host_keep_their_mark_through_every_form()
    {
        var tree = new MemoryTree { ["1.yaml"] = "services: {a: {environment: ['A=${S}', 'B=b'], labels: {c: $S}, extra_hosts: {h: $S}, build: ./$S, env_file: $S.env, secrets: [$S]}}" };

        var (merged, problems) = ComposeCase.Load(tree, ["1.yaml"], ComposeCase.Host(("S", "s")));

        Assert.Empty(problems);
        Assert.Equal(
            """
            services:
              a:
                environment:
                  A: @"s"
                  B: "b"
                labels:
                  c: @s
                extra_hosts: [@"h=s"]
                build:
                  context: @./s
                env_file:
                  -
                    path: @./s.env
                secrets:
                  -
                    source: @s
            """,
            TreeText.Of(merged!.Root));
    }

    [Fact]
    public void Left_unresolved_a_path_with_a_variable_stays_as_it_was_written()
    {
        var tree = new MemoryTree { ["d/1.yaml"] = "services: {a: {build: ./$S, volumes: ['${D:-./data}:/x', './y:/y', '${N:-v}:/x']}}" };

        var (merged, problems) = ComposeCase.Load(tree, ["d/1.yaml"], Variables.Unresolved);

        Assert.Equal("d/1.yaml:1:68: warning: `/x` is already taken by the item at d/1.yaml:1:39; the later counts", string.Join('\n', problems));
        Assert.Equal("services:\n  a:\n    build:\n      context: ./$S\n    volumes: [\"${N:-v}:/x\", \"./d/y:/y\"]", TreeText.Of(merged!.Root));
    }

    [Fact]
    public void Every_value_keeps_the_place_of_the_file_that_wrote_it()
    {
        var tree = new MemoryTree { ["1.yaml"] = "services:\n  a:\n    image: x:1\n    environment: [A=1]\n", ["2.yaml"] = "services:\n  a:\n    image: x:2\n" };

        var service = Assert.IsType<YamlMapping>(Assert.IsType<YamlMapping>(ComposeCase.Load(tree, ["1.yaml", "2.yaml"]).Merged!.Root.Find("services")).Find("a"));

        Assert.Equal("2.yaml:3:12", service.Find("image")!.Position.ToString());
        Assert.Equal("1.yaml:4:19", Assert.IsType<YamlMapping>(service.Find("environment")).Find("A")!.Position.ToString());
    }

    [Fact]
    public void A_missing_file_is_a_problem_with_its_path_and_the_others_are_read()
    {
        var tree = new MemoryTree { ["there.yaml"] = "services: {a: {image: $X}}" };

        var (merged, problems) = ComposeCase.Load(tree, ["there.yaml", "gone.yaml", "there.yaml/x"]);

        Assert.NotNull(merged);
        Assert.Equal(["there.yaml:1:23", "gone.yaml", "there.yaml/x"], problems.Select(problem => problem.Position.ToString()));
    }

    private static string Service(string earlier, string later)
    {
        static string Indent(string text) => $"services:\n  a:\n    {text.ReplaceLineEndings("\n    ")}\n";
        var tree = new MemoryTree { ["d/1.yaml"] = Indent(earlier), ["d/2.yaml"] = Indent(later) };
        var (merged, problems) = ComposeCase.Load(tree, ["d/1.yaml", "d/2.yaml"]);

        Assert.Empty(problems);
        var service = (merged!.Root.Find("services") as YamlMapping)!.Find("a");
        return TreeText.Of(service).Replace("./d/", "./", StringComparison.Ordinal).Replace("./d:", "./:", StringComparison.Ordinal);
    }
}
