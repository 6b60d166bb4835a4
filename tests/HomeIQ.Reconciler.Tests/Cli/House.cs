namespace HomeIQ.Reconciler.Cli;

/// <summary>A small desired state, good and broken.</summary>
internal static class House
{
    public static void WriteGood(Homeiq homeiq, string folder, string version = "1.0.0", string project = "house")
    {
        homeiq.Files.Write($"{folder}/compose.yaml", $$$"""
            {{{(project.Length > 0 ? $"name: {project}" : "")}}}
            services:
              data-api:
                environment: {LEVEL: "${LEVEL:-info}"}
                healthcheck: {test: [CMD, curl, -fsS, "http://localhost:8006/health"], interval: 5s}
              health-dashboard:
                depends_on: {data-api: {condition: service_healthy}}
                ports: ["127.0.0.1:3000:8080"]
            """);
        homeiq.Files.Write($"{folder}/compose.versions.yaml", $$"""
            services:
              data-api: {image: "homeiq/data-api:{{version}}"}
              health-dashboard: {image: "homeiq/health-dashboard:1.0.0"}
            """);
        homeiq.Files.Write($"{folder}/reconciler.yaml", "version: 1\nservices:\n  health-dashboard:\n    restart-with: [data-api]\n");
    }

    public static void WriteBroken(Homeiq homeiq, string folder)
    {
        homeiq.Files.Write($"{folder}/compose.yaml", """
            name: house
            services:
              data-api:
                image: homeiq/data-api:latest
                enviroment: {LEVEL: info}
                depends_on: [influxdbb]
                ports: ["3000:99999"]
              influxdb:
                image: influxdb:2.7.12
                mem_limit: plenty
                ports: ["8086:8086"]
              telegraf:
                image: telegraf:1.36.1
                environment: {TOKEN: "${TOKEN:?is needed}"}
                ports: ["8086:8094"]
            """);
        homeiq.Files.Write($"{folder}/reconciler.yaml", """
            version: 1
            services:
              data-api:
                risk: hihg
              influxd:
                restart-with: [telegraf]
            """);
    }
}
