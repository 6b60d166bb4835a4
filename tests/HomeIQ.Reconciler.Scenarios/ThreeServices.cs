namespace HomeIQ.Reconciler.Scenarios;

/// <summary>A small house: <c>store</c> ← <c>api</c> ← <c>web</c>, each healthy within a second.</summary>
internal static class ThreeServices
{
    public static House Furnish(this House house)
    {
        house.Write("compose.yaml", """
            x-health: &health
              test: [CMD, curl, -fsS, "http://localhost:8080/health"]
              interval: 300ms
              timeout: 2s
              retries: 3
              start_period: 5s
            services:
              store:
                environment: {SERVICE: store}
                volumes: [store-data:/data]
                healthcheck: *health
              api:
                environment: {SERVICE: api, GREETING: hello}
                healthcheck: *health
                depends_on: {store: {condition: service_healthy}}
              web:
                environment: {SERVICE: web}
                healthcheck: *health
                depends_on: {api: {condition: service_healthy}}
            volumes:
              store-data:
            """);
        house.Write("compose.versions.yaml", """
            services:
              store: {image: "homeiq-test/app:1.0.0"}
              api: {image: "homeiq-test/app:1.0.0"}
              web: {image: "homeiq-test/app:1.0.0"}
            """);
        house.Write("reconciler.yaml", """
            version: 1
            compose: [compose.yaml, compose.versions.yaml]
            policy: { soak: none }
            """);
        house.Commit("Furnish the house");
        return house;
    }

    /// <summary>Changes the version of one service: the one line that an upgrade is.</summary>
    public static string Upgrade(this House house, string service, string tag)
    {
        var file = Path.Combine(house.Repository, "desired-state", "compose.versions.yaml");
        var lines = File.ReadAllLines(file).Select(line => line.TrimStart().StartsWith($"{service}:", StringComparison.Ordinal) ? $"  {service}: {{image: \"homeiq-test/app:{tag}\"}}" : line);
        File.WriteAllLines(file, lines);
        return house.Commit($"{service} moves to {tag}");
    }
}
