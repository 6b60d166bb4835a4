using System.Diagnostics;
using System.Text;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>Whatever the bytes are, a load ends soon, in little memory, with problems and not with an exception.</summary>
[Collection(nameof(LoaderBoundsTests))]
[CollectionDefinition(nameof(LoaderBoundsTests), DisableParallelization = true)]
public class LoaderBoundsTests
{
    private const int Million = 1_000_000;
    private const long MostMemory = 200L << 20;
    private static readonly TimeSpan LongestLoad = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Monsters =>
    [
        "nested lists", "nested mappings", "nested block lists", "nested block mappings", "nested explicit keys", "open braces and brackets", "alias bomb", "alias bomb of merge keys",
        "deep aliases", "long text in every alias", "self-reference", "self-reference by a merge key", "huge plain text", "huge quoted text", "huge block text", "huge key", "many keys", "many duplicate keys",
        "many documents", "many anchors", "many empty items", "many colons", "many question marks", "many tags", "many comments", "many tabs", "many merge keys", "many missing variables", "nested defaults",
        "unclosed variables", "many dollar signs", "variables that grow", "open quotes", "percent signs", "only spaces", "only dashes", "flow colons", "line ends",
    ];

    [Theory]
    [MemberData(nameof(Monsters))]
    public void A_monster_is_refused_or_read_within_bounds(string monster)
    {
        var text = monster switch
        {
            "nested lists" => "a: " + new string('[', Million),
            "nested mappings" => "a: " + Repeat("{a: ", Million / 4),
            "nested block lists" => Repeat("- ", Million / 2),
            "nested block mappings" => string.Concat(Enumerable.Range(0, 1300).Select(depth => $"{new string(' ', depth)}a:\n")),
            "nested explicit keys" => Repeat("? ", Million / 2),
            "open braces and brackets" => Repeat("[{", Million / 2),
            "alias bomb" => "a0: &a0 [x]\n" + string.Concat(Enumerable.Range(1, 60).Select(level => $"a{level}: &a{level} [{Repeat($"*a{level - 1}, ", 9)}*a{level - 1}]\n")),
            "alias bomb of merge keys" => "a0: &a0 {k: v}\n" + string.Concat(Enumerable.Range(1, 60).Select(level => $"a{level}: &a{level} {{<<: [{Repeat($"*a{level - 1}, ", 9)}*a{level - 1}]}}\n")),
            "deep aliases" => "a0: &a0 [x]\n" + string.Concat(Enumerable.Range(1, 5000).Select(level => $"a{level}: &a{level} [[[[[[[[[[*a{level - 1}]]]]]]]]]]\n")),
            "long text in every alias" => $"a: &a {new string('x', 500_000)}\nb: [{Repeat("*a, ", 100_000)}]",
            "self-reference" => "a: &a {b: [*a, *a], c: *a}",
            "self-reference by a merge key" => "a: &a\n  <<: [*a]\n  b: c",
            "huge plain text" => "a: " + new string('x', Million),
            "huge quoted text" => $"a: \"{Repeat("\\u0041 \\\n", Million / 10)}\"",
            "huge block text" => "a: |\n" + Repeat("  x\n", Million / 4),
            "huge key" => new string('x', Million) + ": a",
            "many keys" => string.Concat(Enumerable.Range(0, 90_000).Select(index => $"k{index}: v\n")),
            "many duplicate keys" => Repeat("k: v\n", Million / 5),
            "many documents" => Repeat("--- a\n", Million / 6),
            "many anchors" => string.Concat(Enumerable.Range(0, 60_000).Select(index => $"- &a{index} *a{index - 1}\n")),
            "many empty items" => Repeat("-\n", Million / 2),
            "many colons" => Repeat("a: ", Million / 3),
            "many question marks" => Repeat("?\n", Million / 2),
            "many tags" => Repeat("- !x y\n", Million / 7),
            "many comments" => Repeat("#\n", Million / 2) + "a: b",
            "many tabs" => "a: |\n  b\nc: [" + Repeat("\n\t1,", 150_000) + "]",
            "many merge keys" => "a: &a {k: v}\nb:\n" + Repeat("  <<: *a\n", 100_000),
            "many missing variables" => "services:\n  a:\n    environment:\n" + string.Concat(Enumerable.Range(0, 45_000).Select(index => $"      - A{index}=$X{index}\n")),
            "nested defaults" => "name: " + Repeat("${A:-", 200_000) + new string('}', 200_000),
            "unclosed variables" => "name: " + Repeat("${A:-", 200_000),
            "many dollar signs" => "name: " + new string('$', Million),
            "variables that grow" => "name: \"" + Repeat("${BIG}", 100_000) + "\"\nservices:\n  a:\n    command:\n" + Repeat("      - ${BIG}\n", 30_000),
            "open quotes" => Repeat("'\"", Million / 2),
            "percent signs" => new string('%', Million),
            "only spaces" => new string(' ', Million),
            "only dashes" => new string('-', Million),
            "flow colons" => "{" + new string(':', Million),
            "line ends" => Repeat("\r\n", Million / 2),
            _ => throw new ArgumentOutOfRangeException(nameof(monster)),
        };

        LoadWithin(Encoding.UTF8.GetBytes(text));
    }

    [Fact]
    public void Services_that_extend_a_large_one_are_refused_before_they_fill_the_memory()
    {
        var text = new StringBuilder("services:\n  base:\n    environment:\n");
        for (var index = 0; index < 15_000; index++)
        {
            text.Append("      - K").Append(index).Append("=v\n");
        }

        for (var index = 0; index < 10_000; index++)
        {
            text.Append("  s").Append(index).Append(": {extends: base, environment: [A=1]}\n");
        }

        Assert.Contains(LoadWithin(Encoding.UTF8.GetBytes(text.ToString())), problem => problem.Message.Contains("more than 200000 values", StringComparison.Ordinal));
    }

    [Fact]
    public void Many_large_files_are_refused_before_they_fill_the_memory()
    {
        var tree = new MemoryTree();
        var names = Enumerable.Range(0, 100).Select(index => $"{index}.yaml").ToList();
        foreach (var name in names)
        {
            tree[name] = "services:\n  a:\n    command:\n" + Repeat("      - x\n", 90_000);
        }

        Assert.Contains(LoadWithin(tree, names), problem => problem.Message.Contains("more than 200000 values", StringComparison.Ordinal));
    }

    [Fact]
    public void The_file_whose_bytes_are_changed_is_good_before() =>
        Assert.DoesNotContain(DesiredStateLoader.Load(new LoadRequest { Tree = GoodTree(), Path = "d" }).Problems, problem => problem.Severity is Severity.Error);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_good_file_with_bytes_changed_at_random_is_read_or_refused(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 150; round++)
        {
            var tree = new MemoryTree { ["sub/b.yaml"] = "services: {b: {image: x}}", ["e.env"] = "A=b" };
            tree.Add("1.yaml", Mutate(Good, random));
            tree.Add("2.yaml", round % 3 == 0 ? Mutate(Good, random) : Encoding.UTF8.GetBytes(Good));
            LoadWithin(tree, ["1.yaml", "2.yaml"], measureMemory: false);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_front_door_answers_changed_bytes_of_stack_versions_and_policy_with_a_state_or_with_errors(int seed)
    {
        var random = new Random(seed);
        var policy = File.ReadAllText(Path.Combine(ComposeFilesTests.RepositoryRoot(), "desired-state", "reconciler.yaml"));
        for (var round = 0; round < 100; round++)
        {
            var tree = GoodTree();
            tree.Add("d/compose.yaml", Mutate(Good, random));
            tree.Add("d/compose.versions.yaml", round % 2 == 0 ? Mutate("services:\n  influxdb:\n    image: influxdb:2.8.0\n", random) : "services: {}"u8.ToArray());
            tree.Add("d/reconciler.yaml", round % 3 == 0 ? Mutate(policy, random) : Encoding.UTF8.GetBytes("version: 1\n"));
            LoadResult? result = null;

            Within($"round {round} of seed {seed}", () => result = DesiredStateLoader.Load(new LoadRequest { Tree = tree, Path = "d" }), measureMemory: false);

            Assert.Equal(result!.State is null, result.Problems.Any(problem => problem.Severity is Severity.Error));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_env_file_of_random_bytes_is_read_or_refused(int seed)
    {
        var random = new Random(seed);
        const string signs = "AB=:'\"\\$\\{}#-+? \t\r\n0exportü";
        for (var round = 0; round < 2000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(80)).Select(_ => signs[random.Next(signs.Length)])]);
            var bytes = Encoding.UTF8.GetBytes(text);
            if (bytes.Length > 0 && round % 10 == 0)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            EnvFile.Parse(bytes, "e.env", ComposeCase.Host(("A", "a")), isFromHost: true, []);
        }
    }

    [Theory]
    [InlineData("open quote", "A=\"")]
    [InlineData("equals", "=")]
    [InlineData("export", "export ")]
    [InlineData("growing", "A=$A$A\n")]
    [InlineData("nested", "A=${A:-")]
    [InlineData("comments", "#\n")]
    [InlineData("escapes", "A=\"\\\\\\0777\"\n")]
    public void An_env_file_that_is_a_monster_is_refused_or_read_within_bounds(string name, string piece)
    {
        var bytes = Encoding.UTF8.GetBytes("A=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" + Repeat(piece, Million / piece.Length));

        Within(name, () => EnvFile.Parse(bytes, "e.env", Variables.None, isFromHost: true, new List<Problem>()));
    }

    private const string Good =
        """
        name: ${PROJECT:-homeiq}
        x-log: &log {driver: json-file, options: {max-size: 10m, max-file: "3"}}
        x-common: &common
          restart: unless-stopped
          logging: *log
        include:
          - sub/b.yaml
          - {path: [sub/b.yaml], env_file: e.env}
        services:
          influxdb:
            <<: *common
            image: influxdb:2.7.12
            ports: ["8086:8086", {target: 80, published: 8080}]
            volumes: [influxdb_data:/var/lib/influxdb2, ./conf:/conf:ro]
            healthcheck: {test: [CMD, curl, -f, "http://localhost:8086/health"], interval: 10s}
            environment:
              - INFLUX_TOKEN=${TOKEN:-${FALLBACK:-token}}
              - LONGITUDE=${LONGITUDE:--115.1}
          data-api:
            <<: [*common]
            extends: {service: influxdb}
            build: {context: ./services/data-api, args: [A=1]}
            depends_on: {influxdb: {condition: service_healthy}}
            env_file: [e.env]
            networks: [homeiq-network]
            ports: !override ["8006:8006"]
            extra_hosts: ["host.docker.internal:host-gateway"]
        networks: {homeiq-network: {driver: bridge, ipam: {config: [{subnet: 10.0.0.0/24}]}}}
        volumes: {influxdb_data: }
        """;

    private static MemoryTree GoodTree() => new()
    {
        ["d/compose.yaml"] = Good,
        ["d/compose.versions.yaml"] = "services:\n  influxdb:\n    image: influxdb:2.8.0\n",
        ["d/reconciler.yaml"] = "version: 1\n",
        ["d/sub/b.yaml"] = "services: {b: {image: x:1}}",
        ["d/e.env"] = "A=b",
        ["d/services/data-api/Dockerfile"] = "FROM scratch",
        ["d/conf/a"] = "b",
    };

    private static byte[] Mutate(string text, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(text).ToList();
        const string signs = "[]{}:,-?&*!|>'\"%@`#$ \t\n<~x0";
        for (var change = random.Next(1, 12); change > 0 && bytes.Count > 1; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    var length = Math.Min(random.Next(200), bytes.Count - at);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(60), bytes.Count - at - 1));
                    break;
                default:
                    bytes.Insert(at, (byte)signs[random.Next(signs.Length)]);
                    break;
            }
        }

        return [.. bytes];
    }

    private static ValueList<Problem> LoadWithin(byte[] bytes)
    {
        var tree = new MemoryTree();
        tree.Add("1.yaml", bytes);
        return LoadWithin(tree, ["1.yaml"]);
    }

    private static ValueList<Problem> LoadWithin(MemoryTree tree, List<string> files, bool measureMemory = true)
    {
        ValueList<Problem> problems = [];
        var variables = ComposeCase.Host(("BIG", new string('x', 100_000)));
        Within(files[0], () => problems = ComposeCase.Load(tree, files, variables).Problems, measureMemory);
        return problems;
    }

    /// <summary>Runs on a stack of one megabyte, the least that a thread of the product has.</summary>
    private static void Within(string what, Action load, bool measureMemory = true)
    {
        Exception? failure = null;
        using var memory = measureMemory ? new MemoryPeak() : null;
        var clock = Stopwatch.StartNew();
        var thread = new Thread(() => failure = Record.Exception(load), maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        clock.Stop();

        Assert.Null(failure);
        Assert.True(clock.Elapsed < LongestLoad, $"{what} took {clock.Elapsed}.");
        if (memory is not null)
        {
            Assert.InRange(memory.Stop(), 0, MostMemory);
        }
    }

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    /// <summary>The most that the heap grew while it was watched. Where it grew much, what nobody needs any more is let go of first: that is no memory in use, and how much of it waits is the runtime's choice.</summary>
    private sealed class MemoryPeak : IDisposable
    {
        private readonly long before = GC.GetTotalMemory(forceFullCollection: true);
        private readonly Timer timer;
        private long peak;

        public MemoryPeak() => timer = new Timer(_ => Look(), null, 0, 2);

        public long Stop()
        {
            Look();
            return Interlocked.Read(ref peak) - before;
        }

        public void Dispose() => timer.Dispose();

        private void Look()
        {
            var now = GC.GetTotalMemory(forceFullCollection: false);
            if (now - before > MostMemory)
            {
                now = GC.GetTotalMemory(forceFullCollection: true);
            }

            for (var seen = Interlocked.Read(ref peak); now > seen && Interlocked.CompareExchange(ref peak, now, seen) != seen; seen = Interlocked.Read(ref peak))
            {
            }
        }
    }
}
