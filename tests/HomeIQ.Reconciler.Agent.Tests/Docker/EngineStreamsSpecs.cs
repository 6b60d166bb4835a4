using System.Text;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>What the engine sends bit by bit: logs and BuildKit's progress.</summary>
public sealed class EngineStreamsSpecs
{
    [Fact]
    public async Task Lines_of_two_streams_that_are_cut_anywhere_come_whole()
    {
        byte[] frames = [.. Frame(1, "one\ntw"), .. Frame(2, "err"), .. Frame(1, "o\r\n"), .. Frame(2, "or\n"), .. Frame(1, "grüße"[..4]), .. Frame(1, "e no end")];

        Assert.Equal(["one", "two", "error", "grüße no end"], await ReadAsync(frames, framed: true));
    }

    [Fact]
    public async Task A_character_that_two_frames_share_stays_whole()
    {
        var bytes = Encoding.UTF8.GetBytes("ü\n");

        Assert.Equal(["ü"], await ReadAsync([.. Frame(1, bytes[..1]), .. Frame(1, bytes[1..])], framed: true));
    }

    [Fact]
    public async Task A_terminals_output_is_one_plain_stream() =>
        Assert.Equal(["one", "two"], await ReadAsync(Encoding.UTF8.GetBytes("one\r\ntwo"), framed: false));

    [Fact]
    public void BuildKits_steps_output_and_errors_are_read()
    {
        // vertex 1 { name "RUN make", started {}, }, vertex { name "RUN test", started, error "exit 1" }, log { msg "hi there\n" }
        byte[] trace =
        [
            .. Field(1, [.. Field(3, "RUN make"u8), .. Field(5, [8, 1])]),
            .. Field(1, [.. Field(3, "RUN test"u8), .. Field(5, [8, 1]), .. Field(7, "exit 1"u8)]),
            .. Field(1, [.. Field(3, "COPY . ."u8), .. Field(5, [8, 1]), .. Field(6, [8, 2])]),
            .. Field(3, [24, 1, .. Field(4, "hi there\n"u8)]),
        ];

        Assert.Equal(["RUN make\n", "RUN test: exit 1\n", "hi there\n"], BuildKitTrace.Read(trace));
    }

    [Theory]
    [InlineData(new byte[] { 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f })]
    [InlineData(new byte[] { 0x0a, 0x7f, 0x01 })]
    [InlineData(new byte[] { 0x0f, 0x00 })]
    [InlineData(new byte[] { 0x09, 0x00 })]
    public void A_broken_trace_says_nothing(byte[] trace) => Assert.Empty(BuildKitTrace.Read(trace));

    [Fact]
    public void Names_in_paths_and_queries_are_escaped_and_slashes_of_images_stay()
    {
        Assert.Equal("build?t=a%3A1&target=b%26c", Query.Of("build", ("t", "a:1"), ("none", null), ("target", "b&c")));
        Assert.Equal("team/app%3F", Query.Part("team/app?"));
        Assert.Equal("""{"type":["container","image"]}""", Query.Filters(("type", ["container", "image"])));
    }

    private static Task<IReadOnlyList<string>> ReadAsync(byte[] bytes, bool framed) =>
        ContainerLogs.ReadAsync(new MemoryStream(bytes), framed, TestContext.Current.CancellationToken);

    private static byte[] Frame(byte stream, string text) => Frame(stream, Encoding.UTF8.GetBytes(text));

    private static byte[] Frame(byte stream, byte[] bytes) => [stream, 0, 0, 0, 0, 0, 0, (byte)bytes.Length, .. bytes];

    private static byte[] Field(int number, ReadOnlySpan<byte> value) => [(byte)((number << 3) | 2), (byte)value.Length, .. value];
}
