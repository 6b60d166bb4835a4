using System.Globalization;
using System.Text;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Shows a run as it happens: for a person, the steps under way redrawn in place below the finished ones; in a pipe, one plain line per step.</summary>
internal sealed class RunProgress : IProgress<RunEvent>, IDisposable
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(120);

    /// <summary>Steps under way that are drawn; the rest are counted.</summary>
    private const int MostLines = 10;

    private readonly Terminal terminal;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly SortedDictionary<int, (PlannedStep Step, long Began, string News)> underWay = [];
    private readonly ITimer? timer;

    /// <summary>What the terminal gets next, in one write: a screen that is cleared and filled in two flickers.</summary>
    private readonly StringBuilder frame = new();
    private int drawn;
    private int total;

    public RunProgress(Terminal terminal, TimeProvider time)
    {
        this.terminal = terminal;
        this.time = time;
        timer = terminal.IsInteractive ? time.CreateTimer(_ => Draw(), null, Redraw, Redraw) : null;
    }

    public void Report(RunEvent value)
    {
        lock (gate)
        {
            Erase();
            switch (value)
            {
                case RunBegan began:
                    total = began.Plan.Steps.Count;
                    Line(terminal.Bold($"run {began.Run}: {PlanText.Headline(began.Plan)}"));
                    break;
                case StepBegan began:
                    underWay[began.Step.Number] = (began.Step, time.GetTimestamp(), "");
                    break;
                case StepProgressed progressed when underWay.TryGetValue(progressed.Step.Number, out var line):
                    var news = progressed.Total > 0 ? $"{progressed.Text} {100 * progressed.Current / progressed.Total} %" : progressed.Text;
                    underWay[progressed.Step.Number] = line with { News = OneLine(news) };
                    break;
                case StepEnded ended:
                    underWay.Remove(ended.Step.Number);
                    Finished(ended.Step, ended.Receipt is Skipped ? terminal.Dim("skip") : terminal.Green("ok  "), ended.Took, OneLine(Said(ended.Receipt)));
                    break;
                case StepBroke broke:
                    underWay.Remove(broke.Step.Number);
                    Finished(broke.Step, terminal.Red("FAIL"), broke.Took, OneLine(broke.Failure.ReasonOf(broke.Step.Step)));
                    if (broke.Failure.Hint is { } hint)
                    {
                        Line($"            {OneLine(hint)}");
                    }

                    break;
                case RollbackBegan back:
                    total = back.Plan.Steps.Count;
                    Line(terminal.Yellow($"going back: {OneLine(back.Reason)}"));
                    break;
            }

            DrawLines();
            Show();
        }
    }

    public void Dispose()
    {
        timer?.Dispose();
        lock (gate)
        {
            // A last tick of the timer must find nothing to draw.
            underWay.Clear();
            Erase();
            Show();
        }
    }

    private static string Said(Receipt receipt) => receipt switch
    {
        Skipped skipped => skipped.Reason,
        ServiceVerified verified => verified.Evidence,
        BackedUp or Rehearsed or Migrated => ReceiptText.Of(receipt),
        BaselineTaken baseline => string.Join("; ", ShowCommand.FailingBefore(baseline)),
        StatesReleased gone => $"{gone.Specifications} specifications and inspects, {gone.Contents} contents, {gone.Evidence} folders of evidence",
        ContainerStopped { WasRunning: false } => "it had been stopped before",
        _ => "",
    };

    /// <summary>Output of builds and checks may hold tabs and escape codes, which would break the drawing.</summary>
    private static string OneLine(string text) => string.Concat(text.ReplaceLineEndings(" ").Select(character => char.IsControl(character) ? ' ' : character));

    private static string Seconds(TimeSpan took) => took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private void Finished(PlannedStep step, string mark, TimeSpan took, string said) =>
        Line($"  {mark} {step.Number,3}{Total} {Seconds(took),6} s  {StepText.Of(step.Step)}{(said.Length > 0 ? $": {said}" : "")}");

    /// <summary>Unknown where a run is only taken up again.</summary>
    private string Total => total > 0 ? $"/{total}" : "";

    private void Draw()
    {
        lock (gate)
        {
            Erase();
            DrawLines();
            Show();
        }
    }

    private void Line(string text) => frame.Append(text).Append('\n');

    private void Show()
    {
        if (frame.Length > 0)
        {
            terminal.Out.Write(frame.ToString());
            terminal.Out.Flush();
            frame.Clear();
        }
    }

    private void Erase()
    {
        if (drawn > 0)
        {
            frame.Append($"\e[{drawn}A\e[J");
            drawn = 0;
        }
    }

    private void DrawLines()
    {
        if (!terminal.IsInteractive)
        {
            return;
        }

        var (columns, lines) = terminal.Size;
        var width = Math.Max(20, columns - 1);
        // What scrolled off the top could not be drawn over.
        var most = Math.Clamp(lines - 2, 1, MostLines);
        foreach (var (step, began, news) in underWay.Values.Take(most))
        {
            var line = $"  .... {step.Number,3}{Total} {Seconds(time.GetElapsedTime(began)),6} s  {StepText.Of(step.Step)}{(news.Length > 0 ? $": {news}" : "")}";
            Line(terminal.Cyan(line.Length > width ? line[..width] : line));
            drawn++;
        }

        if (underWay.Count > most)
        {
            Line(terminal.Dim($"       and {underWay.Count - most} more"));
            drawn++;
        }
    }
}
