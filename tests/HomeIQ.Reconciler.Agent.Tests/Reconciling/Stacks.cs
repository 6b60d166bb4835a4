using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Desired states to try runs on.</summary>
internal static class Stacks
{
    /// <summary>Knobs that make a version bad, by its tag.</summary>
    private static readonly Dictionary<string, (string Knob, string Value)> Bad = new(StringComparer.Ordinal)
    {
        ["1.9.0-sick"] = ("NEVER_HEALTHY", "1"),
        ["1.9.0-crash"] = ("CRASH_AFTER", "1"),
        ["1.9.0-late"] = ("CRASH_AFTER", "10"),
    };

    /// <summary>The upgrade that brings data along.</summary>
    public const string WithData = "a database with a reader";

    /// <summary>The upgrade that migrates a database.</summary>
    public const string WithMigration = "a database that is migrated";

    private const string Checked =
        """
        x-checked: &checked
          restart: always
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        """;

    /// <summary>Somebody who reads the data and does not change with it.</summary>
    private const string Reader =
        """
          reader:
            <<: *checked
            image: house/app:1.0.0
            container_name: reader
            volumes: [data:/data:ro]
        """;

    /// <summary>Upgrades of several shapes, each with one of its kind that fails verification.</summary>
    public static readonly Dictionary<string, (string Before, string After, string Bad)> Changes = new(StringComparer.Ordinal)
    {
        ["two services, one waiting for the other"] =
            (Three(), Three(api: "1.1.0", web: "1.1.0"), Three(api: "1.9.0-sick", web: "1.1.0")),
        ["a removal and an addition"] =
            (Three(more: Lonely("lonely")), Three(more: Lonely("other")), Three(more: Lonely("other", "1.9.0-sick"))),
        ["a network's settings"] =
            (Network("10.77.1.0/24"), Network("10.77.2.0/24"), Network("10.77.2.0/24", two: "1.9.0-sick")),
        ["a shared namespace"] =
            (Namespace("1.0.0"), Namespace("1.1.0"), Namespace("1.9.0-sick")),
        [WithData] =
            (Database("1.0.0"), Database("1.1.0"), Database("1.9.0-sick")),
        [WithMigration] =
            (Migrated("1.0.0"), Migrated("1.1.0"), Migrated("1.9.0-sick")),
    };

    /// <summary>Publishes every version that the stacks use.</summary>
    public static void Publish(FakeEngine engine)
    {
        foreach (var tag in (string[])["1.0.0", "1.1.0", "1.2.0"])
        {
            engine.Push($"house/app:{tag}");
        }

        foreach (var (tag, history) in ((string, string)[])[("1.0.0", "r1"), ("1.1.0", "r1 r2"), ("1.2.0", "r1 r2 r3")])
        {
            engine.Push($"house/rows:{tag}", ValueMap<string>.Empty.With("ALEMBIC", history));
        }

        engine.Push("house/rows:1.9.0-sick", new([new("ALEMBIC", "r1 r2"), new("NEVER_HEALTHY", "1")]));
        foreach (var (tag, (knob, value)) in Bad)
        {
            engine.Push($"house/app:{tag}", ValueMap<string>.Empty.With(knob, value));
        }
    }

    /// <summary>A database, an application that needs it, and a page that needs the application.</summary>
    public static string Three(string db = "1.0.0", string api = "1.0.0", string web = "1.0.0", string more = "") =>
        $$"""
        x-checked: &checked
          restart: unless-stopped
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        services:
          db:
            <<: *checked
            image: house/app:{{db}}
            container_name: db
            volumes: [data:/data]
          api:
            <<: *checked
            image: house/app:{{api}}
            container_name: api
            ports: ["18080:8080"]
            depends_on: { db: { condition: service_healthy } }
          web:
            <<: *checked
            image: house/app:{{web}}
            container_name: web
            depends_on: { api: { condition: service_healthy } }
        {{more}}
        volumes:
          data: {}
        """;

    /// <summary>A database whose every version migrates its data, somebody else who reads it, and an application that needs it.</summary>
    public static string Database(string tag) =>
        $$"""
        #reconciler: databases: { data: { kind: volume, service: db, mount: /data } }
        {{Checked}}
        services:
          db:
            <<: *checked
            image: house/app:{{tag}}
            container_name: db
            environment: { MIGRATES: "1" }
            volumes: [data:/data]
        {{Reader}}
          api:
            <<: *checked
            image: house/app:1.0.0
            container_name: api
            depends_on: { db: { condition: service_healthy } }
        volumes:
          data: {}
        """;

    /// <summary>A database whose migrations are known to Alembic, and somebody who reads it.</summary>
    public static string Migrated(string tag, string environment = "") =>
        $$"""
        #reconciler: databases: { rows: { kind: sqlite, service: db, path: /data/app.db, migrate: [alembic, upgrade, head] } }
        {{Checked}}
        services:
          db:
            <<: *checked
            image: house/rows:{{tag}}
            container_name: db
            environment: { DATABASE: /data/app.db, {{environment}} }
            volumes: [data:/data]
        {{Reader}}
        volumes:
          data: {}
        """;

    /// <summary>A service more, on which nothing depends.</summary>
    public static string Lonely(string name = "lonely", string tag = "1.0.0") =>
        $$"""
          {{name}}:
            image: house/app:{{tag}}
            container_name: {{name}}
            healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        """;

    /// <summary>An application that reads a file of the commit.</summary>
    public const string Lamp =
        """
        services:
          lamp:
            image: house/app:1.0.0
            container_name: lamp
            environment: { STAND: "LEVEL" }
            volumes: ["./lamp.conf:/etc/lamp.conf:ro"]
            healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        """;

    /// <summary>Two services on a network of their own, one of them with an address, and one elsewhere.</summary>
    public static string Network(string subnet, string two = "1.0.0") =>
        $$"""
        x-checked: &checked
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        services:
          one:
            <<: *checked
            image: house/app:1.0.0
            container_name: one
            networks: { inner: { aliases: [first] } }
          two:
            <<: *checked
            image: house/app:{{two}}
            container_name: two
            networks: [inner, outer]
            depends_on: [one]
          three:
            <<: *checked
            image: house/app:1.0.0
            container_name: three
            networks: [outer]
        networks:
          inner: { ipam: { config: [{ subnet: {{subnet}} }] } }
          outer: {}
        """;

    /// <summary>A service that is built from the commit's own files.</summary>
    public static string Built(string tag) =>
        $$"""
        services:
          maker:
            build: maker
            image: house/maker:{{tag}}
            container_name: maker
            restart: unless-stopped
            healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        """;

    /// <summary>A service that lives in another one's network, and one that does not.</summary>
    public static string Namespace(string provider, string guest = "1.0.0", string other = "1.0.0") =>
        $$"""
        x-checked: &checked
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        services:
          provider:
            <<: *checked
            image: house/app:{{provider}}
            container_name: provider
          guest:
            <<: *checked
            image: house/app:{{guest}}
            container_name: guest
            network_mode: service:provider
          other:
            <<: *checked
            image: house/app:{{other}}
            container_name: other
        """;
}
