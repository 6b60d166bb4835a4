namespace HomeIQ.Reconciler.Cli;

/// <summary>Files that were made to hurt, given to the program as a process of its own whose memory is really limited.</summary>
public sealed class HostileFileTests
{
    private const int Million = 1_000_000;

    public static readonly TheoryData<string> Monsters = new("deep nesting", "alias bomb", "merge bomb", "self-reference", "one huge scalar", "one huge key", "many keys", "bad UTF-8", "growing variables");

    [Theory]
    [MemberData(nameof(Monsters))]
    public async Task The_program_refuses_it_by_name_and_place_within_two_hundred_megabytes(string monster)
    {
        using var homeiq = new Homeiq { WatchesMemory = true };
        await File.WriteAllBytesAsync(Path.Combine(homeiq.Files.Root, "compose.yaml"), BytesOf(monster), TestContext.Current.CancellationToken);
        // Hexadecimal: 200 MiB. A heap that needs more ends the process with another code.
        homeiq.Variables["DOTNET_GCHeapHardLimit"] = "C800000";
        homeiq.Variables["BIG"] = new string('x', 50_000);

        var said = await homeiq.RunAsync("validate", "--compose", "compose.yaml");

        Assert.True(said.Code == 1, said.ToString()[..Math.Min(2000, said.ToString().Length)]);
        Assert.Contains("compose.yaml", said.Error + said.Out, StringComparison.Ordinal);
        // The whole process: runtime, program and libraries beside the heap.
        Assert.InRange(said.MostMemory, 1L << 20, 300L << 20);
        Assert.DoesNotContain("   at HomeIQ", said.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(400)]
    public async Task The_most_memory_of_a_program_is_what_the_kernel_counted(int megabytes)
    {
        using var python = new Homeiq { WatchesMemory = true };

        var said = await python.RunAsync("python3", ["-c", $"len(b'x' * ({megabytes} << 20))"]);

        Assert.True(said.Code == 0, said.ToString());
        Assert.InRange(said.MostMemory, (long)megabytes << 20, (megabytes + 40L) << 20);
    }

    private static byte[] BytesOf(string monster) => monster switch
    {
        "bad UTF-8" => [.. "services:\n  a: { image: \""u8, 0xC3, 0x28, 0xFF, 0xFE, .. "\" }\n"u8],
        _ => System.Text.Encoding.UTF8.GetBytes(monster switch
        {
            "deep nesting" => "a: " + new string('[', Million),
            "alias bomb" => "a0: &a0 [x]\n" + string.Concat(Enumerable.Range(1, 60).Select(level => $"a{level}: &a{level} [{Repeat($"*a{level - 1}, ", 9)}*a{level - 1}]\n")),
            "merge bomb" => "a0: &a0 {k: v}\n" + string.Concat(Enumerable.Range(1, 60).Select(level => $"a{level}: &a{level} {{<<: [{Repeat($"*a{level - 1}, ", 9)}*a{level - 1}]}}\n")),
            "self-reference" => "a: &a {b: [*a, *a], c: *a}",
            "one huge scalar" => "a: " + new string('x', Million),
            "one huge key" => new string('x', Million) + ": a",
            "many keys" => string.Concat(Enumerable.Range(0, 90_000).Select(index => $"k{index}: v\n")),
            "growing variables" => "name: \"" + Repeat("${BIG}", 100_000) + "\"\nservices:\n  a:\n    command:\n" + Repeat("      - ${BIG}\n", 30_000),
            _ => throw new ArgumentOutOfRangeException(nameof(monster)),
        }),
    };

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
