using System.Formats.Tar;
using System.Security.Cryptography;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Contents;

public sealed class BuildContextSpecs
{
    private readonly MemoryTree tree = new() { ["app/Dockerfile"] = "FROM base\nCOPY . .\n", ["app/src/main.py"] = "print(1)" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_context_is_sent_sorted_with_fixed_owners_modes_and_times()
    {
        tree.Add("app/run.sh", "#!/bin/sh\n", executable: true);

        await using var context = BuildContext.Open(tree, Build("app", "app/Dockerfile"));
        using var reader = new TarReader(context.Stream);
        var lines = new List<string>();
        while (await reader.GetNextEntryAsync(copyData: true, Token) is { } entry)
        {
            lines.Add($"{entry.EntryType} {entry.Name} {Convert.ToString((int)entry.Mode, 8)} {entry.Uid}:{entry.Gid} {entry.ModificationTime.ToUnixTimeSeconds()} {entry.Length}");
        }

        Assert.Equal("Dockerfile", context.Dockerfile);
        Assert.Equal(
            [
                "RegularFile Dockerfile 644 0:0 0 19",
                "RegularFile run.sh 755 0:0 0 10",
                "Directory src/ 755 0:0 0 0",
                "RegularFile src/main.py 644 0:0 0 8",
            ],
            lines);
    }

    [Fact]
    public async Task The_same_tree_gives_the_same_bytes()
    {
        var first = await BytesAsync(Build("app", "app/Dockerfile"));

        // Fixed, so that another process and another machine give the same too.
        Assert.Equal("f1aa1da97553d8321b4d13ef408ca78754676578ddb01c4f082c06d15db64f77", Convert.ToHexStringLower(SHA256.HashData(first)));
        Assert.Equal(first, await BytesAsync(Build("app", "app/Dockerfile")));
    }

    [Fact]
    public async Task Long_and_foreign_names_arrive_as_they_are()
    {
        var name = $"{string.Concat(Enumerable.Repeat("a long folder/", 12))}größe 🏠.txt";
        tree[$"app/{name}"] = "1";

        Assert.Contains(name, await NamesAsync(Build("app", "app/Dockerfile")));
    }

    [Fact]
    public async Task Ignored_files_stay_behind_and_a_folder_with_nothing_to_take_too()
    {
        tree["app/.dockerignore"] = "**/*.pyc\nsecrets\n!secrets/public\nold\n";
        tree["app/src/main.pyc"] = "1";
        tree["app/secrets/key"] = "1";
        tree["app/secrets/public/key.pub"] = "1";
        tree["app/old/x"] = "1";

        Assert.Equal(
            [".dockerignore", "Dockerfile", "secrets/", "secrets/public/", "secrets/public/key.pub", "src/", "src/main.py"],
            await NamesAsync(Build("app", "app/Dockerfile")));
    }

    [Fact]
    public async Task The_Dockerfile_and_the_ignore_file_are_sent_even_where_they_are_ignored()
    {
        tree["app/.dockerignore"] = "*\n";

        Assert.Equal([".dockerignore", "Dockerfile"], await NamesAsync(Build("app", "app/Dockerfile")));
    }

    [Fact]
    public async Task Rules_beside_the_Dockerfile_under_its_name_go_before_those_of_the_context()
    {
        tree["app/.dockerignore"] = "src\n";
        tree["app/docker/prod.Dockerfile"] = "FROM base\n";
        tree["app/docker/prod.Dockerfile.dockerignore"] = "*.md\ndocker/*.dockerignore\n";
        tree["app/a.md"] = "1";

        Assert.Equal(
            [".dockerignore", "Dockerfile", "docker/", "docker/prod.Dockerfile", "src/", "src/main.py"],
            await NamesAsync(Build("app", "app/docker/prod.Dockerfile")));
    }

    [Fact]
    public async Task A_Dockerfile_outside_the_context_goes_along_under_a_name_that_the_engine_leaves_out()
    {
        tree["docker/app.Dockerfile"] = "FROM other\n";
        await using var context = BuildContext.Open(tree, Build("app/src", "docker/app.Dockerfile"));
        var files = await FilesAsync(context);

        Assert.Equal(".homeiq.Dockerfile", context.Dockerfile);
        Assert.Equal([".dockerignore", ".homeiq.Dockerfile", "main.py"], files.Keys);
        Assert.Equal("FROM other\n", files[".homeiq.Dockerfile"]);
        Assert.Equal(".dockerignore\n.homeiq.Dockerfile\n", files[".dockerignore"]);
    }

    [Fact]
    public async Task An_inline_Dockerfile_keeps_the_contexts_own_rules()
    {
        tree["app/.dockerignore"] = "src";
        await using var context = BuildContext.Open(tree, Build("app", "app/Dockerfile") with { DockerfileInline = "FROM inline\n" });
        var files = await FilesAsync(context);

        Assert.Equal([".dockerignore", ".homeiq.Dockerfile", "Dockerfile"], files.Keys);
        Assert.Equal("FROM inline\n", files[".homeiq.Dockerfile"]);
        Assert.Equal("src\n.homeiq.Dockerfile\n", files[".dockerignore"]);
    }

    [Fact]
    public async Task The_root_of_the_commit_can_be_the_context()
    {
        Assert.Equal(["app/", "app/Dockerfile", "app/src/", "app/src/main.py"], await NamesAsync(Build("", "app/Dockerfile")));
    }

    [Theory]
    [InlineData("nowhere", "app/Dockerfile", "The build context nowhere is no folder of memory.")]
    [InlineData("app/Dockerfile", "app/Dockerfile", "The build context app/Dockerfile is no folder of memory.")]
    [InlineData("app", "app/Nofile", "The Dockerfile app/Nofile is no file of memory.")]
    [InlineData("app", "app/src", "The Dockerfile app/src is no file of memory.")]
    public void What_is_not_there_is_named(string context, string dockerfile, string message) =>
        Assert.Equal(message, Assert.Throws<IOException>(() => BuildContext.Open(tree, Build(context, dockerfile))).Message);

    [Fact]
    public void A_malformed_rule_is_named_with_its_file_and_line()
    {
        tree["app/.dockerignore"] = "ok\na[";

        Assert.Equal("app/.dockerignore: line 2: \"a[\" is malformed.",
            Assert.Throws<IOException>(() => BuildContext.Open(tree, Build("app", "app/Dockerfile"))).Message);
    }

    [Theory]
    [InlineData(SourceKind.Symlink, "app/bad is a symlink, which is refused in the build context app; .dockerignore can leave it out.")]
    [InlineData(SourceKind.Submodule, "app/bad is a submodule, which is refused in the build context app; .dockerignore can leave it out.")]
    public async Task What_cannot_be_sent_is_refused_by_name_unless_it_is_ignored(SourceKind kind, string message)
    {
        tree.Add(new SourceEntry("app/bad", kind, 1, false, "0"));
        Assert.Equal(message, Assert.Throws<IOException>(() => BuildContext.Open(tree, Build("app", "app/Dockerfile"))).Message);

        tree["app/.dockerignore"] = "bad";
        Assert.DoesNotContain("bad", await NamesAsync(Build("app", "app/Dockerfile")));
    }

    [Fact]
    public void A_context_above_the_limit_is_refused_before_a_byte_is_sent()
    {
        for (var number = 0; number < 5; number++)
        {
            tree.Add(new SourceEntry($"app/large{number}", SourceKind.File, SourceLimits.BuildFile, false, "0"));
        }

        Assert.Contains("brings the context to more than 2,147,483,648 bytes",
            Assert.Throws<IOException>(() => BuildContext.Open(tree, Build("app", "app/Dockerfile"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_context_is_streamed_and_not_held()
    {
        var large = new EndlessFiles(count: 64, size: 4 << 20);
        await using var context = BuildContext.Open(large, Build("", "Dockerfile"));
        var buffer = new byte[64 * 1024];
        var (read, most) = (0L, 0L);
        for (int count; (count = await context.Stream.ReadAsync(buffer, Token)) > 0; read += count)
        {
            most = Math.Max(most, large.Opened - (read / (4 << 20)));
        }

        Assert.True(read > 64L * (4 << 20));
        Assert.InRange(most, 0, 3);
    }

    [Fact]
    public async Task A_reader_that_stops_early_stops_the_writer()
    {
        var large = new EndlessFiles(count: 64, size: 4 << 20);
        await using (var context = BuildContext.Open(large, Build("", "Dockerfile")))
        {
            await context.Stream.ReadExactlyAsync(new byte[1000], Token);
        }

        Assert.InRange(large.Opened, 1, 3);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_any_more_fails_the_reader()
    {
        tree.Add(new SourceEntry("app/gone", SourceKind.File, 1, false, "0"));
        await using var context = BuildContext.Open(tree, Build("app", "app/Dockerfile"));

        var error = await Assert.ThrowsAsync<IOException>(() => context.Stream.CopyToAsync(Stream.Null, Token));

        Assert.Equal("cannot read app/gone", error.Message);
    }

    private static BuildSpec Build(string context, string dockerfile) => new() { Context = context, Dockerfile = dockerfile, Digest = "" };

    private async Task<byte[]> BytesAsync(BuildSpec build)
    {
        await using var context = BuildContext.Open(tree, build);
        using var bytes = new MemoryStream();
        await context.Stream.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }

    private async Task<IEnumerable<string>> NamesAsync(BuildSpec build)
    {
        await using var context = BuildContext.Open(tree, build);
        return (await FilesAsync(context)).Keys.ToList();
    }

    private static async Task<Dictionary<string, string>> FilesAsync(BuildContext context)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var reader = new TarReader(context.Stream);
        while (await reader.GetNextEntryAsync(copyData: true, Token) is { } entry)
        {
            using var text = new StreamReader(entry.DataStream ?? Stream.Null);
            files.Add(entry.Name, await text.ReadToEndAsync(Token));
        }

        return files;
    }

    /// <summary>Many large files that cost nothing to keep.</summary>
    private sealed class EndlessFiles(int count, int size) : ISourceTree
    {
        public long Opened { get; private set; }

        public string Revision => "endless";

        public SourceEntry? Find(string path) => path.Length == 0
            ? new SourceEntry("", SourceKind.Folder, 0, false, "0")
            : List("").FirstOrDefault(entry => entry.Path == path);

        public IReadOnlyList<SourceEntry> List(string path) =>
            [new("Dockerfile", SourceKind.File, 0, false, "0"), .. Enumerable.Range(0, count).Select(number => new SourceEntry($"f{number}", SourceKind.File, size, false, "0"))];

        public byte[] Read(string path, long limit) => throw new NotSupportedException();

        public Stream Open(string path, long limit)
        {
            Opened++;
            return new MemoryStream(new byte[path == "Dockerfile" ? 0 : size], writable: false);
        }
    }
}
