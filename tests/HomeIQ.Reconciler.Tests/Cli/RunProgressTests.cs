using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary>What a person sees of a run while it happens, drawing by drawing, and what a pipe gets; the clock stands still but for the test.</summary>
public sealed class RunProgressTests : IDisposable
{
    private static readonly ContainerRef Container = new(null, "house-api-1");
    private static readonly PlannedStep Pull = new(1, new PullImage("web", "house/web:1.1.0"), "", []);
    private static readonly PlannedStep Build = new(2, new BuildImage("api", "house/api:1.1.0", "sha256:1"), "", []);
    private static readonly PlannedStep Keep = new(3, new KeepImage("api", "sha256:0", "homeiq/keep:0"), "", []);
    private static readonly PlannedStep Verify = new(4, new VerifyService("api", Container, "sha256:2"), "", [2]);
    private static readonly PlannedStep Start = new(1, new StartContainer("api", Container), "", []);
    private static readonly PlannedStep Again = new(2, new VerifyService("api", Container, "sha256:1"), "", [1]);

    private static readonly Plan Forth = new() { Project = "house", Revision = "2222222222222222", From = "1111111111111111", Steps = [Pull, Build, Keep, Verify] };
    private static readonly Plan Back = Forth with { Revision = "1111111111111111", From = "2222222222222222", IsRollback = true, Steps = [Start, Again] };

    private readonly HandClock clock = new();
    private readonly Drawings output = new();

    public void Dispose() => output.Dispose();

    [Fact]
    public void A_person_sees_what_is_under_way_drawn_again_and_again_below_what_is_done()
    {
        Play(new Terminal(output, TextWriter.Null, isInteractive: true, hasColor: false, errorHasColor: false, () => (100, 30)));

        Snapshot.Matches(output.ToString());
    }

    [Fact]
    public void Colour_is_all_that_colour_adds()
    {
        Play(new Terminal(output, TextWriter.Null, isInteractive: true, hasColor: true, errorHasColor: false, () => (100, 30)));
        var plain = new Drawings();
        Play(new Terminal(plain, TextWriter.Null, isInteractive: true, hasColor: false, errorHasColor: false, () => (100, 30)), plain);

        Assert.Contains("␛[32mok  ␛[0m", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("␛[31mFAIL␛[0m", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(plain.ToString(), Regex.Replace(output.ToString(), "␛\\[[0-9;]*m", "", RegexOptions.None, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void A_pipe_gets_one_plain_line_for_each_step_when_it_has_ended()
    {
        Play(new Terminal(output, TextWriter.Null, isInteractive: false, hasColor: false, errorHasColor: false, () => throw new InvalidOperationException("a pipe has no size")));

        Snapshot.Matches(output.Text);
        Assert.DoesNotContain(output.Text, character => char.IsControl(character) && character != '\n');
    }

    [Theory]
    [InlineData(40)]
    [InlineData(21)]
    [InlineData(0)]
    public void No_line_that_is_drawn_over_is_wider_than_the_window(int columns)
    {
        Play(new Terminal(output, TextWriter.Null, isInteractive: true, hasColor: true, errorHasColor: false, () => (columns, 30)));

        var drawn = output.Lines.Where(line => line.Contains("....", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(drawn);
        Assert.All(drawn, line => Assert.InRange(line.Length, 1, Math.Max(20, columns - 1)));
        Assert.Contains(drawn, line => line.Length == Math.Max(20, columns - 1));
    }

    [Theory]
    [InlineData(30, 10, "and 4 more")]
    [InlineData(6, 4, "and 10 more")]
    [InlineData(1, 1, "and 13 more")]
    public void No_more_is_drawn_than_fits_and_the_rest_is_counted(int lines, int drawn, string rest)
    {
        using var progress = new RunProgress(new Terminal(output, TextWriter.Null, isInteractive: true, hasColor: false, errorHasColor: false, () => (100, lines)), clock);
        foreach (var number in Enumerable.Range(1, 14))
        {
            progress.Report(new StepBegan(new PlannedStep(number, new PullImage("web", $"house/web:{number}"), "", []), IsRollback: false));
        }

        var last = output.Last;
        Assert.Equal(drawn, last.Split("....").Length - 1);
        Assert.Contains(rest, last, StringComparison.Ordinal);
        progress.Report(new StepBegan(Pull with { Number = 15 }, IsRollback: false));
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"␛[{drawn + 1}A␛[J"), output.Last, StringComparison.Ordinal);
    }

    /// <summary>A build and a pull side by side, a service that does not get healthy, and the way back.</summary>
    private void Play(Terminal terminal, Drawings? to = null)
    {
        using (var progress = new RunProgress(terminal, clock))
        {
            void Happens(RunEvent happened, double then = 0)
            {
                progress.Report(happened);
                clock.Advance(TimeSpan.FromSeconds(then));
            }

            Happens(new RunBegan("r-1", Forth));
            Happens(new StepBegan(Pull, IsRollback: false));
            Happens(new StepProgressed(Pull, "4f4fb700ef54 Downloading", 50, 100));
            Happens(new StepBegan(Build, IsRollback: false));
            Happens(new StepProgressed(Build, "Step 1/3 : FROM house/base:1.0.0"), then: 0.13);
            Happens(new StepProgressed(Build, " \e[31m---> Running\tin 1a2b\e[0m\r\n\a"), then: 0.13);
            Happens(new StepEnded(Pull, IsRollback: false, new ImageReady("sha256:3", null), TimeSpan.FromSeconds(0.26)));
            Happens(new StepEnded(Build, IsRollback: false, new ImageReady("sha256:4", null), TimeSpan.FromSeconds(1.26)));
            Happens(new StepBegan(Keep, IsRollback: false));
            Happens(new StepEnded(Keep, IsRollback: false, new Skipped("it was\u009b2J kept already"), TimeSpan.Zero));
            Happens(new StepBegan(Verify, IsRollback: false));
            Happens(new StepProgressed(Verify, "starting: curl: (7) Failed to connect\nto localhost port 8080"), then: 0.13);
            Happens(new StepBroke(Verify, IsRollback: false, new StepFailed(4, IsRollback: false, FailureClass.Verification, "unhealthy: \e]0;title\a500", "look at\u001b[2J its log", "runs/r-1/api"), TimeSpan.FromSeconds(31)));
            Happens(new RollbackBegan(Back, "api: unhealthy\e[1A"));
            Happens(new StepBegan(Start, IsRollback: true));
            Happens(new StepEnded(Start, IsRollback: true, new ContainerStarted(null), TimeSpan.FromSeconds(0.1)));
            Happens(new StepBegan(Again, IsRollback: true));
            Happens(new StepEnded(Again, IsRollback: true, new ServiceVerified("healthy after 1.2 s; was failing before: \e[5mprobe\n"), TimeSpan.FromSeconds(1.2)));
            Happens(new RunFinished("r-1", RunPhase.RolledBack, "rolled back"));
        }

        var count = (to ?? output).Count;
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(count, (to ?? output).Count);
    }

    /// <summary>What a terminal got, write by write; the escape character is made visible.</summary>
    private sealed class Drawings : TextWriter
    {
        private readonly List<string> writes = [];

        public override Encoding Encoding => Encoding.UTF8;

        public int Count => writes.Count;

        public string Last => writes[^1];

        public string Text => string.Concat(writes);

        /// <summary>Lines as they are seen: without what colours them or moves the cursor.</summary>
        public IEnumerable<string> Lines => writes.SelectMany(write => Regex.Replace(write, "␛\\[[0-9;]*[A-Za-z]", "", RegexOptions.None, TimeSpan.FromMinutes(1)).Split('\n'));

        public override void Write(string? value) => writes.Add(value!.Replace('\e', '␛'));

        public override void Write(char value) => throw new NotSupportedException("a screen that is written in pieces flickers");

        public override string ToString() => string.Join("-----\n", writes);
    }
}
