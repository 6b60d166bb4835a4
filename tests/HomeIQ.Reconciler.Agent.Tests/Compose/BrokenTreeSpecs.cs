namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class BrokenTreeSpecs
{
    [Fact]
    public void A_broken_house_reads_like_a_good_compilers_output() =>
        Assert.Equal("""
            desired-state/compose.versions.yaml:3:17: error: services.api.image: `homeiq/api` names no version (write a version, or a digest; policy.floating-tags: allow permits it)
            desired-state/compose.versions.yaml:4:3: error: there is no service `dashbord` to pin (did you mean `dashboard`?)
            desired-state/compose.versions.yaml:5:43: error: services.worker: `restart` does not belong into compose.versions.yaml (this file is the one that an upgrade edits, one line for each service; the rest belongs to compose.yaml)
            desired-state/compose.yaml:2:31: error: services.dashboard.healthcheck.interval: `30` is not a duration (write numbers with units: 30s, 1m30s, 500ms)
            desired-state/compose.yaml:6:13: error: services.influxdb: host port 8086/tcp is published already by service `api` at desired-state/compose.yaml:11:13 (give one of them another host port)
            desired-state/compose.yaml:7:15: error: services.influxdb.volumes: there is no volume `influx-data` (did you mean `influx_data`?)
            desired-state/compose.yaml:10:23: error: services.api.build.context: the folder `services/api` is not in the commit
            desired-state/compose.yaml:10:47: error: services.api.build.args: `VERSION` has no value, and no env file of the host gives it one (write a value, or set it in a file named by --env-file)
            desired-state/compose.yaml:11:24: error: services.api.ports: in `127.0.0.1:99999:81`, `99999` is no port from 1 to 65535 (write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be)
            desired-state/compose.yaml:13:30: error: services.api.depends_on.influxdb.condition: `healthy` is none of service_started, service_healthy, service_completed_successfully (did you mean `service_healthy`?)
            desired-state/compose.yaml:14:7: error: services.api: there is no service `databse`
            desired-state/compose.yaml:15:27: error: the variable `INFLUX_TOKEN` is required: set it in the env file of the host (no env file is named: give one with --env-file)
            desired-state/compose.yaml:16:16: error: services.api.mem_limit: `512 megabytes` is not a size (write a number with a unit: 512m, 1.5g, 64kb)
            desired-state/compose.yaml:17:14: error: services.api.restart: `allways` is none of no, always, unless-stopped, on-failure, on-failure:N (did you mean `always`?)
            desired-state/compose.yaml:20:21: error: services.dashboard: the container name `house-api-1` is taken by service `api` at desired-state/compose.yaml:9:3 (a name belongs to one container)
            desired-state/compose.yaml:21:16: error: services.dashboard.networks: there is no network `backend` (did you mean `back-end`?)
            desired-state/compose.yaml:22:5: error: services.dashboard: `links` is not supported: links are a legacy of the engine (services of one network find each other by name; use networks.NAME.aliases for other names)
            desired-state/compose.yaml:23:40: error: services.dashboard.healthcheck.test: begins with `curl` instead of CMD, CMD-SHELL or NONE (write [CMD, curl, …])
            desired-state/compose.yaml:24:15: error: services.dashboard.volumes: `desired-state/nginx.conf` is not in the commit (a read-only relative path is taken from Git; for a file of the host write an absolute path)
            desired-state/compose.yaml:25:15: error: services.dashboard.deploy: `replicas: 2` is not supported: a service is one container (write 0 or 1, or one service for each container)
            desired-state/compose.yaml:25:51: error: services.dashboard.deploy.resources.limits: unknown key `memroy` (did you mean `memory`?)
            desired-state/compose.yaml:31:18: error: services.feeder: depends on itself in a circle: feeder -> worker -> feeder (remove one of these dependencies)
            desired-state/compose.yaml:35:57: error: networks.back-end.ipam.config.subnet: `10.0.0.0/33` is no subnet (write 172.28.0.0/16)
            desired-state/reconciler.yaml:5:16: error: phases.data: there is no service `influx` (did you mean `influxdb`?)
            desired-state/reconciler.yaml:6:19: error: defaults.risk: `lo` is none of low, medium, high (did you mean `low`?)
            desired-state/reconciler.yaml:8:53: error: services.api.verify.timeout: `30` is not a duration (write numbers with units: 30s, 1m30s, 500ms)
            """,
            Desk.Problems(
                """
                name: house
                x-health: &health { interval: 30, timeout: 5s }
                services:
                  influxdb:
                    image: influxdb:2.7.12
                    ports: ["8086:8086"]
                    volumes: [influx-data:/var/lib/influxdb2]
                    healthcheck: { <<: *health, test: [CMD, influx, ping] }
                  api:
                    build: { context: ../services/api, args: [VERSION] }
                    ports: ["8086:80", "127.0.0.1:99999:81"]
                    depends_on:
                      influxdb: { condition: healthy }
                      databse: { condition: service_healthy }
                    environment: { TOKEN: "${INFLUX_TOKEN:?set it in the env file of the host}" }
                    mem_limit: 512 megabytes
                    restart: allways
                  dashboard:
                    image: homeiq/dashboard:1.4.0
                    container_name: house-api-1
                    networks: [backend]
                    links: [api]
                    healthcheck: { <<: *health, test: [curl, localhost] }
                    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
                    deploy: { replicas: 2, resources: { limits: { memroy: 256M } } }
                  worker:
                    image: homeiq/worker:2.0.0
                    depends_on: [feeder]
                  feeder:
                    image: homeiq/feeder:2.0.0
                    depends_on: [worker]
                volumes:
                  influx_data:
                networks:
                  back-end: { driver: bridg, ipam: { config: [{ subnet: 10.0.0.0/33 }] } }
                """,
                ("desired-state/compose.versions.yaml", "services:\n  # Core\n  api: { image: homeiq/api }\n  dashbord: { image: 'homeiq/dashboard:1.5.0' }\n  worker: { image: 'homeiq/worker:2.0.1', restart: always }\n"),
                ("desired-state/reconciler.yaml", "version: 1\nproject: house\nphases:\n  - name: data\n    services: [influx]\ndefaults: { risk: lo }\nservices:\n  api: { restart-with: [worker], verify: { timeout: 30 } }\n")),
            ignoreLineEndingDifferences: true);
}
