using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>What a service draws in from beside the Compose files: the commit's files, the host's files, build contexts.</summary>
public sealed class OutsideSpecs : IDisposable
{
    private const string File = "desired-state/compose.yaml";

    private readonly string host = Directory.CreateTempSubdirectory("homeiq-outside").FullName;

    public void Dispose() => Directory.Delete(host, recursive: true);

    [Fact]
    public void A_read_only_relative_bind_is_mounted_by_its_content()
    {
        var state = Desk.Load(Desk.Web("volumes: ['../conf:/etc/x:ro', './one.txt:/one:ro']"), ("conf/a", "1"), ("conf/deep/b*", "2"), ("desired-state/one.txt", "one"));
        var mounts = state.Find("web")!.Spec.Mounts;

        Assert.All(mounts, mount => Assert.Equal((MountKind.Content, mount.Content, true), (mount.Kind, mount.Source, mount.ReadOnly)));
        Assert.Equal(state.Contents.Select(content => content.Digest).Order(), mounts.Select(mount => mount.Content!).Order());
        Assert.Equal(["conf", "desired-state/one.txt"], state.Contents.Select(content => content.Path!).Order());
    }

    [Fact]
    public void A_link_cannot_be_exported() =>
        Assert.Equal($"{File}:4:15: error: services.web.volumes: `conf` cannot be exported: conf/a is a symlink, which is refused",
            Desk.Problems(Desk.Web("volumes: ['../conf:/etc/x:ro']"), ("conf/a@", "/etc/passwd")));

    [Fact]
    public void A_writable_relative_bind_needs_a_folder_of_the_host() =>
        Assert.Equal($"{File}:4:15: error: services.web.volumes: `desired-state/logs` is written to, and no folder of the host is named for it (set --project-dir, write an absolute path, or mount it read-only with :ro)",
            Desk.Problems(Desk.Request(Desk.Web("volumes: ['./logs:/l']")) with { ProjectDirectory = null }));

    [Fact]
    public void A_path_at_home_is_the_operators() =>
        Assert.Equal(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "x"), Assert.Single(Desk.Spec("volumes: ['~/x:/x:ro']").Mounts).Source);

    [Fact]
    public void An_env_file_of_the_host_goes_before_the_one_in_Git_and_is_secret()
    {
        System.IO.File.WriteAllText(Path.Combine(host, "a.env"), "ANY=from-the-host\n");
        var request = Desk.Request(Desk.Web("env_file: [../a.env, ../b.env]"), ("a.env", "ANY=from-git\nONLY=git\n"), ("b.env", "B=2\nAPI_TOKEN=in-git\n")) with { ProjectDirectory = host };
        var state = Desk.Load(request);

        Assert.Equal("{ANY=from-the-host, API_TOKEN=in-git, B=2}", state.Find("web")!.Spec.Environment.ToString());
        Assert.Equal(["env.ANY", "env.API_TOKEN"], state.Find("web")!.Spec.SecretFields);
        Assert.Equal(["from-the-host"], state.Secrets);
    }

    [Fact]
    public void What_Git_says_over_an_env_file_of_the_host_is_no_secret()
    {
        System.IO.File.WriteAllText(Path.Combine(host, "a.env"), "ANY=from-the-host\n");
        var state = Desk.Load(Desk.Request(Desk.Web("env_file: ../a.env\nenvironment: { ANY: plain }")) with { ProjectDirectory = host });

        Assert.Equal("{ANY=plain}", state.Find("web")!.Spec.Environment.ToString());
        Assert.Empty(state.Find("web")!.Spec.SecretFields);
    }

    [Fact]
    public void A_missing_env_file_is_a_problem_that_says_where_it_was_looked_for()
    {
        Assert.Equal($"{File}:4:16: error: services.web.env_file: `a.env` is not there: looked for {host}/a.env on the host, then in the commit (create it, or write required: false)",
            Desk.Problems(Desk.Request(Desk.Web("env_file: [../a.env]")) with { ProjectDirectory = host }));
        Assert.Equal($"{File}:4:16: error: services.web.env_file: `a.env` is not there: it is not in the commit, and no project directory of the host is set (create it, or write required: false)",
            Desk.Problems(Desk.Request(Desk.Web("env_file: [../a.env]")) with { ProjectDirectory = null }));
        Assert.Equal("", Desk.Problems(Desk.Request(Desk.Web("env_file: [{ path: ../a.env, required: false }]"))));
    }

    [Fact]
    public void A_raw_env_file_is_taken_letter_by_letter() =>
        Assert.Equal("{A=\"q\" # no comment $X, B=}",
            Desk.Load(Desk.Web("env_file: [{ path: r.env, format: raw }]"), ("desired-state/r.env", "# comment\r\nA=\"q\" # no comment $X\r\n\r\nB=\n")).Find("web")!.Spec.Environment.ToString());

    [Fact]
    public void A_value_of_an_env_file_may_refer_to_the_host_then_to_the_services_own_environment_then_to_earlier_lines()
    {
        var file = Path.Combine(host, "host.env");
        System.IO.File.WriteAllText(file, "HOST=of-the-host\n");
        var request = Desk.Request(
            Desk.Web("env_file: [a.env, { path: r.env, format: raw }, b.env]\nenvironment: { HOST: own, OWN: own, PLAIN: '' }"),
            ("desired-state/a.env", "OWN=file\nPLAIN=file\nLINE=line\nA=${HOST} ${OWN} ${PLAIN}. ${LINE}\n"), ("desired-state/r.env", "RAW=$x\n"), ("desired-state/b.env", "B=${A}, ${RAW}\n")) with
        { EnvFiles = [file] };
        var spec = Desk.Load(request).Find("web")!.Spec;

        Assert.Equal("of-the-host own . line", spec.Environment["A"]);
        Assert.Equal("of-the-host own . line, $x", spec.Environment["B"]);
        Assert.Equal(["env.A", "env.B"], spec.SecretFields);
    }

    [Fact]
    public void A_variable_of_an_env_file_that_nobody_sets_is_a_problem_with_the_files_that_could() =>
        Assert.Equal("desired-state/b.env:1:3: error: the variable `NOBODY` is not set (set it in desired-state/b.env, or write ${NOBODY:-default})",
            Desk.Problems(Desk.Web("env_file: [b.env]"), ("desired-state/b.env", "B=$NOBODY\n")));

    [Fact]
    public void A_value_emptied_over_an_env_file_is_a_warning() =>
        Assert.Equal($"{File}:5:28: warning: services.web.environment: `HA_URL` is emptied here, although desired-state/a.env gives it a value (environment wins over env_file: remove the line)",
            Desk.Problems(Desk.Web("env_file: a.env\nenvironment: { HA_URL: '' }"), ("desired-state/a.env", "HA_URL=http://x\n")));

    [Fact]
    public void A_name_alone_takes_the_hosts_value_and_is_left_out_without_one()
    {
        var file = Path.Combine(host, "host.env");
        System.IO.File.WriteAllText(file, "GIVEN=of-the-host\n");
        var request = Desk.Request(Desk.Web("environment: [GIVEN, MISSING]")) with { EnvFiles = [file] };

        Assert.Equal("{GIVEN=of-the-host}", Desk.Load(request).Find("web")!.Spec.Environment.ToString());
        Assert.Equal(["env.GIVEN"], Desk.Load(request).Find("web")!.Spec.SecretFields);
        Assert.Equal($"{File}:4:26: warning: services.web.environment: `MISSING` has no value here, and no env file of the host gives it one: it is left out (write a value, or set it in a file named by --env-file)", Desk.Problems(request));
    }

    [Fact]
    public void Whatever_came_from_the_host_is_secret_but_for_what_is_seen_anyway()
    {
        var file = Path.Combine(host, "host.env");
        System.IO.File.WriteAllText(file, "URL=http://user:hunter2@x\nDEBUG=true\nPORT=8086\nNAME=homeiq-web\nTOKEN=8086\nSHORT=abc\n");
        var state = Desk.Load(Desk.Request(Desk.Web("container_name: homeiq-web\nenvironment: { A: '${URL}/db', B: '${DEBUG}', C: '${TOKEN}', D: plain }\nports: ['${PORT}:80']")) with { EnvFiles = [file] });

        Assert.Equal(["8086", "http://user:hunter2@x", "http://user:hunter2@x/db"], state.Secrets);
        Assert.Equal(["env.A", "env.B", "env.C"], state.Find("web")!.Spec.SecretFields);
    }

    [Fact]
    public void Secrets_and_configs_are_files_mounted_read_only()
    {
        var file = Path.Combine(host, "host.env");
        System.IO.File.WriteAllText(file, "DB_PASSWORD=hunter2-and-more\n");
        System.IO.File.WriteAllText(Path.Combine(host, "key.pem"), "-----KEY-----\n");
        var state = Desk.Load(Desk.Request(
            Desk.Web("secrets: [password, { source: key, target: tls.key, mode: 0440 }]\nconfigs: [inline, { source: site, target: /etc/site.conf }]",
                "secrets:\n  password: { environment: DB_PASSWORD }\n  key: { file: ../key.pem }\nconfigs:\n  inline: { content: 'a=b' }\n  site: { file: ./site.conf }\n"),
            ("desired-state/site.conf", "listen 80;")) with
        { EnvFiles = [file], ProjectDirectory = host });
        var contents = state.Contents.ToDictionary(content => content.Digest);

        Assert.Equal(
            ["/etc/site.conf desired-state/site.conf  False ", "/inline  a=b False ", "/run/secrets/password  hunter2-and-more True ", "/run/secrets/tls.key  -----KEY-----\n True 288"],
            state.Find("web")!.Spec.Mounts.Select(mount => (mount, content: contents[mount.Content!])).Select(pair => $"{pair.mount.Target} {pair.content.Path} {pair.content.Text} {pair.content.Secret} {pair.content.Mode}"));
        Assert.All(state.Find("web")!.Spec.Mounts, mount => Assert.True(mount.ReadOnly));
        Assert.Equal(["-----KEY-----", "hunter2-and-more"], state.Secrets);
    }

    [Theory]
    [InlineData("secrets: [passwrd]", "4:15: error: services.web.secrets: there is no secret `passwrd` (did you mean `password`?)")]
    [InlineData("secrets: [gone]", "7:17: error: secrets.gone: `desired-state/gone.txt` is not there: looked for /srv/p/desired-state/gone.txt on the host, then in the commit")]
    [InlineData("secrets: [password]", "6:28: error: secrets.password: no env file of the host sets `DB_PASSWORD` (set it in a file named by --env-file)")]
    [InlineData("configs: [{ source: c, uid: '1000' }]", "4:28: error: services.web.configs: `uid` is not supported: files are exported as root's (use mode)")]
    [InlineData("configs: [{ source: c, mode: rw }]", "4:34: error: services.web.configs.mode: `rw` is not an octal mode (write 0440)")]
    public void A_secret_that_cannot_be_had_is_a_problem(string keys, string problem) =>
        Assert.Equal($"{File}:{problem}", Desk.Problems(Desk.Web(keys, "secrets:\n  password: { environment: DB_PASSWORD }\n  gone: { file: ./gone.txt }\nconfigs:\n  c: { content: x }\n")));

    [Fact]
    public void An_image_is_made_from_the_folder_of_the_commit()
    {
        var build = Desk.Load(
            Desk.Web("build:\n  context: ..\n  dockerfile: services/x/Dockerfile\n  args: { A: 1, B: }\n  target: run\n  labels: [l=m]\n  network: host\n  extra_hosts: ['h:1.2.3.4']\n  shm_size: 64m\n  no_cache: true\n  pull: true"
                .Replace("B: ", "B: ''", StringComparison.Ordinal)), ("services/x/Dockerfile", "FROM scratch")).Find("web")!.Build!;

        Assert.Equal(
            new BuildSpec
            {
                Context = "",
                Dockerfile = "services/x/Dockerfile",
                Target = "run",
                Arguments = new([new("A", "1"), new("B", "")]),
                Labels = new([new("l", "m")]),
                Network = "host",
                ExtraHosts = ["h:1.2.3.4"],
                ShmSize = 64 << 20,
                NoCache = true,
                Pull = true,
                Digest = build.Digest,
            },
            build);
    }

    [Fact]
    public void The_digest_of_a_build_is_that_of_what_it_is_made_from()
    {
        string Digest(string build, string dockerfile = "FROM scratch", string source = "print(1)") =>
            Desk.Load(Desk.Web($"build: {build}"), ("desired-state/x/Dockerfile", dockerfile), ("desired-state/x/main.py", source), ("desired-state/x/other.Dockerfile", "FROM b"), ("elsewhere", source)).Find("web")!.Build!.Digest;
        var digest = Digest("./x");

        Assert.Equal(digest, Digest("{ context: ./x, no_cache: true, pull: true }"));
        Assert.NotEqual(digest, Digest("./x", dockerfile: "FROM other"));
        Assert.NotEqual(digest, Digest("./x", source: "print(2)"));
        Assert.NotEqual(digest, Digest("{ context: ./x, dockerfile: other.Dockerfile }"));
        Assert.NotEqual(digest, Digest("{ context: ./x, args: { A: b } }"));
        Assert.NotEqual(digest, Digest("{ context: ./x, target: b }"));
        Assert.NotEqual(digest, Digest("{ context: ./x, dockerfile_inline: FROM scratch }"));
    }

    [Theory]
    [InlineData("build: ./gone", "4:12: error: services.web.build.context: the folder `desired-state/gone` is not in the commit")]
    [InlineData("build: ./f", "4:12: error: services.web.build.context: `desired-state/f` is not a folder")]
    [InlineData("build: https://example.org/x.git", "4:12: error: services.web.build.context: `https://example.org/x.git` is not supported: a context is a folder of the commit (write a relative path)")]
    [InlineData("build: { context: ., dockerfile: Dockerfil }", "4:38: error: services.web.build.dockerfile: there is no file `desired-state/Dockerfil` in the commit")]
    [InlineData("build: { dockerfile: f }", "4:12: error: services.web.build: has no context (write context: . for the folder of this file)")]
    [InlineData("build: { context: ., dockerfile: f, dockerfile_inline: FROM x }", "4:26: error: services.web.build.dockerfile: stands beside dockerfile_inline (keep one of the two)")]
    [InlineData("build: { context: ., dockerfile: f, args: [TOKEN] }", "4:48: error: services.web.build.args: `TOKEN` has no value, and no env file of the host gives it one (write a value, or set it in a file named by --env-file)")]
    [InlineData("build: { context: ., dockerfile: f, ssh: [default] }", "4:41: error: services.web.build: `ssh` is not supported: an image must not depend on what is not in Git")]
    [InlineData("build: { context: ., dockerfile: f, secrets: [x] }", "4:41: error: services.web.build: `secrets` is not supported: an image must not depend on what is not in Git")]
    [InlineData("build: { context: ., dockerfile: f, cache_to: [x] }", "4:41: error: services.web.build: `cache_to` is not supported: what is built is kept by the engine")]
    [InlineData("build: { context: ., dockerfile: f, additional_contexts: { a: ./b } }", "4:41: error: services.web.build: `additional_contexts` is not supported: an image is made from one folder of the commit")]
    [InlineData("build: { context: ., dockerfile: f, platforms: [linux/amd64, linux/arm64] }", "4:41: error: services.web.build: `platforms` is not supported: an image is made for this engine (use platform at the service)")]
    [InlineData("build: { context: ., dockerfile: f, privileged: true }", "4:41: error: services.web.build: `privileged` is not supported: a build has no more rights than others")]
    [InlineData("build: { context: ., dockerfile: f, arg: {} }", "4:41: error: services.web.build: unknown key `arg` (did you mean `args`?)")]
    [InlineData("build: [x]", "4:12: error: services.web.build: must be a path or a mapping, but is a list")]
    public void A_bad_build_is_a_problem(string keys, string problem) => Assert.Equal($"{File}:{problem}", Desk.Problems(Desk.Web(keys), ("desired-state/f", "FROM x")));

    [Fact]
    public void A_built_service_has_a_version() =>
        Assert.Equal($"{File}:2:3: error: services.web: is built, but its image has no name and version (pin it in compose.versions.yaml: services.web.image: p/web:1.0.0)",
            Desk.Problems("services:\n  web: { build: . }\n", ("desired-state/Dockerfile", "FROM x")));

    [Fact]
    public void The_versions_file_holds_versions_only() =>
        Assert.Equal("""
            desired-state/compose.versions.yaml:2:28: error: services.web: `restart` does not belong into compose.versions.yaml (this file is the one that an upgrade edits, one line for each service; the rest belongs to compose.yaml)
            desired-state/compose.versions.yaml:3:3: error: there is no service `wbe` to pin (did you mean `web`?)
            desired-state/compose.versions.yaml:4:1: error: `volumes` does not belong into compose.versions.yaml (this file is the one that an upgrade edits, one line for each service; the rest belongs to compose.yaml)
            """,
            Desk.Problems("services:\n  web: { tty: true }\n", ("desired-state/compose.versions.yaml", "services:\n  web: { image: 'nginx:1', restart: always }\n  wbe: { image: 'nginx:2' }\nvolumes: {}\n")),
            ignoreLineEndingDifferences: true);

    [Fact]
    public void Only_the_form_is_judged_when_files_are_named()
    {
        var request = new LoadRequest
        {
            Tree = new CommitTree([new("a.yaml", "services:\n  web:\n    build: ./gone\n    env_file: .env\n    volumes: ['./x:/x:ro', './y:/y']\n    ports: ['80:80']\n"), new("b.yaml", "services:\n  db: { image: postgres, ports: ['80:80'] }\n")]),
            Path = "",
            ComposeFiles = ["a.yaml", "b.yaml"],
        };

        Assert.Equal("""
            a.yaml:2:3: note: services.web: is built, but its image has no name and version (pin it in compose.versions.yaml: services.web.image: project/web:1.0.0)
            a.yaml:3:12: note: services.web.build.context: the folder `gone` is not in the commit
            a.yaml:4:15: note: services.web.env_file: `.env` is not there: it is not in the commit, and no project directory of the host is set (create it, or write required: false)
            a.yaml:5:15: note: services.web.volumes: `x` is not in the commit (a read-only relative path is taken from Git; for a file of the host write an absolute path)
            a.yaml:5:28: note: services.web.volumes: `y` is written to, and no folder of the host is named for it (set --project-dir, write an absolute path, or mount it read-only with :ro)
            a.yaml:6:13: error: services.web: host port 80/tcp is published already by service `db` at b.yaml:2:34 (give one of them another host port)
            b.yaml:2:16: note: services.db.image: `postgres` names no version (write a version, or a digest; policy.floating-tags: allow permits it)
            """,
            Desk.Problems(request), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_form_is_judged_under_any_name() =>
        Assert.Equal("inner", Desk.Load(new LoadRequest
        {
            Tree = new CommitTree([new("a.yaml", "name: inner\nservices:\n  web: { image: 'nginx:1' }\n")]),
            ComposeFiles = ["a.yaml"],
            ProjectName = "outer",
        }).Project);

    [Theory]
    [InlineData("${PN:-t}", "", "t")]
    [InlineData("${PN:-t}", "t", "t")]
    [InlineData("${PN:-other}", "t", "t")]
    [InlineData("${PN}", "t", "t")]
    public void Without_a_host_the_projects_name_is_its_default_or_the_policys(string name, string policy, string project)
    {
        var request = new LoadRequest
        {
            Tree = new CommitTree([new("compose.yaml", $"name: {name}\nservices: {{ web: {{ image: 'nginx:1' }} }}\n"), new("reconciler.yaml", policy.Length > 0 ? $"version: 1\nproject: {policy}\n" : "version: 1\n")]),
            Path = "",
            LeaveUnresolved = true,
        };

        Assert.Equal(project, Desk.Load(request).Project);
    }

    [Fact]
    public void Without_a_host_a_name_that_only_the_host_knows_is_no_name() =>
        Assert.StartsWith("reconciler.yaml: error: the project has no name (", Desk.Problems(new LoadRequest
        {
            Tree = new CommitTree([new("compose.yaml", "name: ${PN}\nservices: { web: { image: 'nginx:1' } }\n"), new("reconciler.yaml", "version: 1\n")]),
            Path = "",
            LeaveUnresolved = true,
        }), StringComparison.Ordinal);

    [Fact]
    public void Without_a_host_variables_stay_and_their_defaults_count_where_a_number_must_stand()
    {
        var request = Desk.Request(Desk.Web("environment: { URL: 'http://${HOST}/x', BARE: }\nports: ['${PORT:-8080}:80', '${OTHER}:81']\nmem_limit: ${MEM:-64m}\nhealthcheck: { test: [CMD, a], interval: '${I:-5s}', timeout: '${T}' }\nenv_file: ../.env\nvolumes: ['${SOCK:-/var/run/x}:/x']")) with { LeaveUnresolved = true, ProjectDirectory = null };
        var spec = Desk.Load(request).Find("web")!.Spec;

        Assert.Equal("{BARE=${BARE}, URL=http://${HOST}/x}", spec.Environment.ToString());
        Assert.Equal(["8080->80/tcp", "*->81/tcp"], spec.Ports.Select(port => port.ToString()));
        Assert.Equal(64 << 20, spec.Memory);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)), (spec.HealthCheck!.Interval, spec.HealthCheck.Timeout));
        Assert.Equal("/var/run/x", Assert.Single(spec.Mounts).Source);
    }
}
