using HomeIQ.Reconciler.Agent.Tests.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Policies;

public class PolicyFileSpecs
{
    private const string File = "desired-state/reconciler.yaml";

    private const string Services = "services:\n  db: { image: 'a:1' }\n  api: { image: 'b:1' }\n  web: { image: 'c:1' }\n  tests: { image: 'd:1', profiles: [test] }\n";

    [Fact]
    public void The_whole_vocabulary_is_read()
    {
        var state = Load("""
            version: 1
            compose: [compose.yaml]
            project: p
            phases:
              - { name: data, services: [db] }
              - name: rest
                services: [web, api, tests]
            defaults: { risk: medium, drift: warn, verify: { timeout: 5m } }
            services:
              db:
                risk: high
                drift: ignore
                allow-downgrade: true
                verify:
                  timeout: 1m30s
                  probes:
                    - http: { port: 8086, path: /health, scheme: https }
                      status: [204, 200]
                      json: { a.b: pass, ready: true, count: 1.10 }
                      interval: 200ms
                      timeout: 2s
                    - http: http://10.0.0.1:8086/x?y=z
                    - http: { url: "https://[::1]/" }
                      status: 301
                    - http: { port: 80 }
                    - tcp: 8086
                    - exec: [influx, ping]
              web:
                restart-with: [db, api, tests]
            databases: { metrics: { kind: volume, service: db, mount: /data }, gone: { kind: volume, service: tests, mount: /x }, rows: { kind: sqlite, service: db, path: /data/app.db, migrate-within: 5m, migrate: [alembic, upgrade, head] } }
            policy: { floating-tags: allow, removals: { max: 5, share: 7% }, parallel: 9, generations: 5 }
            """);

        Assert.Equal(
            new Policy { Phases = [new("data", ["db"]), new("rest", ["web", "api"])], Databases = [new("metrics", DatabaseKind.Volume, "db", "/data"), new("rows", DatabaseKind.Sqlite, "db", "/data/app.db") { Migration = new(["alembic", "upgrade", "head"], TimeSpan.FromMinutes(5)) }], FloatingTags = FloatingTags.Allow, RemovalsMax = 5, RemovalsShare = 7, Parallel = 9, Generations = 5 },
            state.Policy);
        Assert.Equal(new ServicePolicy { Risk = Risk.Medium, Drift = DriftPolicy.Warn, VerifyTimeout = TimeSpan.FromMinutes(5) }, state.Find("api")!.Policy);
        Assert.Equal(["api", "db"], state.Find("web")!.Policy.RestartWith);
        Assert.Equal(
            new ServicePolicy
            {
                Risk = Risk.High,
                Drift = DriftPolicy.Ignore,
                AllowDowngrade = true,
                VerifyTimeout = TimeSpan.FromSeconds(90),
                Probes =
                [
                    new HttpProbe(null, 8086, "/health", "https", [200, 204], new([new("a.b", "pass"), new("ready", "true"), new("count", "1.10")]))
                    {
                        Interval = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromSeconds(2),
                    },
                    new HttpProbe("http://10.0.0.1:8086/x?y=z", null, "/", "http", [200], ValueMap<string>.Empty),
                    new HttpProbe("https://[::1]/", null, "/", "http", [301], ValueMap<string>.Empty),
                    new HttpProbe(null, 80, "/", "http", [200], ValueMap<string>.Empty),
                    new TcpProbe(8086),
                    new ExecProbe(["influx", "ping"]),
                ],
            },
            state.Find("db")!.Policy);
    }

    [Fact]
    public void What_is_not_said_has_its_default()
    {
        var state = Load("version: 1\nproject: p\n");

        Assert.Equal(new Policy(), state.Policy);
        Assert.All(state.Services, service => Assert.Equal(new ServicePolicy(), service.Policy));
    }

    [Fact]
    public void Defaults_that_differ_from_everyones_are_minutes_of_watching_and_three_generations()
    {
        var policy = Load("version: 1\nproject: p\n").Policy;

        Assert.Equal((TimeSpan.FromMinutes(5), LogErrors.Fail, 3), (policy.Soak.For, policy.Soak.Errors, policy.Generations));
    }

    [Fact]
    public void The_files_are_read_in_the_order_in_which_they_are_named()
    {
        var state = Desk.Load(Services, (File, "version: 1\nproject: p\ncompose: [compose.yaml, later.yaml]\n"), ("desired-state/later.yaml", "services: { db: { image: 'a:2' } }"), ("desired-state/compose.versions.yaml", "services: { db: { image: 'a:3' } }"));

        Assert.Equal("a:2", state.Find("db")!.Spec.Image);
    }

    [Theory]
    [InlineData("project: p", "1:1: error: `version` is missing (write version: 1)")]
    [InlineData("version: 2\nproject: p", "1:1: error: version: 2 is not known to this program (write version: 1)")]
    [InlineData("version: '1'\nproject: p", "1:10: error: version: `1` is no whole number from 0 to 2147483647 (write it without quotes)")]
    [InlineData("[]", "1:1: error: the file must be a mapping (begin it with version: 1)")]
    [InlineData("version: 1\nproject: p\nphase: []", "3:1: error: unknown key `phase` (did you mean `phases`?)")]
    [InlineData("version: 1\nproject: p\nx-note: a", "3:1: error: unknown key `x-note`")]
    [InlineData("version: 1\nproject: p\nservices: { db: { rsk: low } }", "3:19: error: services.db: unknown key `rsk` (did you mean `risk`?)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { allowDowngrade: true } }", "3:19: error: services.db: unknown key `allowDowngrade` (did you mean `allow-downgrade`?)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { restart_with: [web] } }", "3:19: error: services.db: unknown key `restart_with` (did you mean `restart-with`?)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { risk: hgih } }", "3:25: error: services.db.risk: `hgih` is none of low, medium, high (did you mean `high`?)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { allow-downgrade: yes } }", "3:36: error: services.db.allow-downgrade: `yes` is not true or false (write true or false, without quotes)")]
    [InlineData("version: 1\nproject: p\nservices: { db: }", "3:13: error: services.db: has no value (write one, or remove the key)")]
    [InlineData("version: 1\nproject: p\nservices: { dbb: { risk: low } }", "3:13: error: services: there is no service `dbb` (did you mean `db`?)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { restart-with: [apii] } }", "3:34: error: services.db.restart-with: there is no service `apii` (did you mean `api`?)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { restart-with: [db] } }", "3:34: error: services.db.restart-with: `db` cannot restart with itself")]
    [InlineData("version: 1\nproject: p\nphases: [{ name: a, services: [db] }, { name: b, services: [db] }]", "3:61: error: phases.b: `db` is in phases.a already, at desired-state/reconciler.yaml:3:32 (a service moves in one phase)")]
    [InlineData("version: 1\nproject: p\nphases: [{ name: a, services: [db, db] }]", "3:36: error: phases.services: `db` stands here twice")]
    [InlineData("version: 1\nproject: p\ndatabases: { m: { kind: volume, service: dbb, mount: /data } }", "3:42: error: databases.m: there is no service `dbb` (did you mean `db`?)")]
    [InlineData("version: 1\nproject: p\ndatabases: { a/b: { kind: volume, service: db, mount: /data } }", "3:14: error: databases: `a/b` is no name for a database (write letters, digits, dots and dashes: metrics)")]
    [InlineData("version: 1\nproject: p\ndatabases: { m: { kind: sqlight, service: db, mount: /data } }", "3:25: error: databases.m.kind: `sqlight` is none of volume, sqlite (did you mean `sqlite`?)")]
    [InlineData("version: 1\nproject: p\ndatabases: { m: { kind: sqlite, service: db, path: /data/../up.db } }", "3:52: error: databases.m.path: `/data/../up.db` is not the path of a file in the container (write /data/app.db)")]
    [InlineData("version: 1\nproject: p\ndatabases: { m: { kind: sqlite, service: db, path: /data//etc/app.db } }", "3:52: error: databases.m.path: `/data//etc/app.db` is not the path of a file in the container (write /data/app.db)")]
    [InlineData("version: 1\nproject: p\ndatabases: { m: { kind: volume, service: db } }", "3:17: error: databases.m: `mount` is missing")]
    [InlineData("version: 1\nproject: p\nphases: [{ name: a }]", "3:10: error: phases: `services` is missing")]
    [InlineData("version: 1\nproject: p\nphases: [db]", "3:10: error: phases: must be a list of mappings with name and services, but is a single value")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { timeout: 30 } } }", "3:38: error: services.db.verify.timeout: `30` is not a duration (write numbers with units: 30s, 1m30s, 500ms)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { timeout: 0s } } }", "3:38: error: services.db.verify.timeout: `0s` is not a duration (write numbers with units: 30s, 1m30s, 500ms)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ status: 200 }] } } }", "3:38: error: services.db.verify.probes: a probe is one of http, tcp, exec: none is written")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ tcp: 1, exec: [a] }] } } }", "3:38: error: services.db.verify.probes: a probe is one of http, tcp, exec: tcp and exec are written (write them as two probes)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ tcp: 0 }] } } }", "3:45: error: services.db.verify.probes.tcp: `0` is no whole number from 1 to 65535")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ tcp: 1, json: { a: b } }] } } }", "3:48: error: services.db.verify.probes.json: belongs to a probe of http")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ http: { path: / } }] } } }", "3:46: error: services.db.verify.probes.http: `port` is missing (write the container's port, or a whole url)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ http: localhost }] } } }", "3:46: error: services.db.verify.probes.http: `localhost` is not a whole address (write http://host:port/path, or { port: 8080, path: /health })")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ http: { port: 1, url: 'http://x' } }] } } }", "3:46: error: services.db.verify.probes.http: either url, or port and path (a url says all three)")]
    [InlineData("version: 1\nproject: p\nservices: { db: { verify: { probes: [{ http: { port: 80, path: health } }] } } }", "3:64: error: services.db.verify.probes.http.path: `health` is not a path (write /health)")]
    [InlineData("version: 1\nproject: p\npolicy: { floating-tags: alow }", "3:26: error: policy.floating-tags: `alow` is none of refuse, allow (did you mean `allow`?)")]
    [InlineData("version: 1\nproject: p\npolicy: { removals: { share: 20 } }", "3:30: error: policy.removals.share: `20` is not a share (write 20%)")]
    [InlineData("version: 1\nproject: p\npolicy: { generations: 0 }", "3:24: error: policy.generations: `0` is no whole number from 1 to 100")]
    [InlineData("version: 1\nproject: p\npolicy: { parallel: 0 }", "3:21: error: policy.parallel: `0` is no whole number from 1 to 100")]
    [InlineData("version: 1\nproject: 5", "2:10: error: project: must be a text, but is a number (write \"5\")")]
    public void A_slip_is_told_with_its_place(string policy, string problem)
    {
        var request = Desk.Request(Services, (File, policy)) with { ProjectName = policy.Contains("project: p", StringComparison.Ordinal) ? null : "p" };

        Assert.Equal($"{File}:{problem}", Desk.Problems(request));
    }

    [Fact]
    public void All_slips_are_told_at_once() =>
        Assert.Equal("""
            desired-state/reconciler.yaml:1:10: error: version: `one` is no whole number from 0 to 2147483647
            desired-state/reconciler.yaml:3:13: error: defaults: unknown key `rsk` (did you mean `risk`?)
            desired-state/reconciler.yaml:4:13: error: services: there is no service `d` (did you mean `db`?)
            desired-state/reconciler.yaml:4:18: error: services.d: unknown key `drif` (did you mean `drift`?)
            desired-state/reconciler.yaml:5:11: error: policy: unknown key `para` (did you mean `parallel`?)
            """,
            Desk.Problems(Services, (File, "version: one\nproject: p\ndefaults: { rsk: low }\nservices: { d: { drif: warn } }\npolicy: { para: 4 }\n")));

    private static DesiredState Load(string policy) => Desk.Load(Services, (File, policy));
}
