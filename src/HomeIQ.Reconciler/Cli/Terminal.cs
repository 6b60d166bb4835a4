using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Where output goes: coloured for a person, plain and stable in a pipe or under <c>NO_COLOR</c>.</summary>
internal sealed class Terminal
{
    private const string Reset = "\e[0m";

    private readonly Func<(int Columns, int Lines)> size;

    /// <param name="size">Columns and lines; asked anew for each drawing, since windows change.</param>
    public Terminal(TextWriter output, TextWriter error, bool isInteractive, bool hasColor, bool errorHasColor, Func<(int Columns, int Lines)> size)
    {
        (Out, ErrorOut, IsInteractive, HasColor, ErrorHasColor) = (output, error, isInteractive, hasColor, errorHasColor);
        this.size = size;
    }

    /// <summary>What the process itself writes to, unless somebody gave it other writers.</summary>
    public static Terminal Of(TextWriter output, TextWriter error)
    {
        var draws = Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        var colored = draws && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var isInteractive = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && draws;
        return new(
            output, error, isInteractive, isInteractive && colored, ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected && colored,
            // A terminal that nobody has told its size has none.
            () => (Console.WindowWidth, Console.WindowHeight) is ( > 0, > 0) and var size ? size : (80, 24));
    }

    public TextWriter Out { get; }

    public TextWriter ErrorOut { get; }

    /// <summary>A person watches: lines may be drawn over.</summary>
    public bool IsInteractive { get; }

    public bool HasColor { get; }

    public bool ErrorHasColor { get; }

    public (int Columns, int Lines) Size => size();

    public string Red(string text) => Paint("31", text);

    public string Green(string text) => Paint("32", text);

    public string Yellow(string text) => Paint("33", text);

    public string Cyan(string text) => Paint("36", text);

    public string Bold(string text) => Paint("1", text);

    public string Dim(string text) => Paint("2", text);

    public void Line(string text = "") => Out.WriteLine(text);

    public void Error(string message, string? hint)
    {
        ErrorOut.WriteLine($"homeiq: {PaintError("31;1", "error:")} {message}");
        if (hint is not null)
        {
            ErrorOut.WriteLine($"        {hint}");
        }
    }

    /// <summary>Every problem on a line of its own, as compilers do, and their count.</summary>
    public void Problems(IReadOnlyCollection<Problem> problems)
    {
        foreach (var problem in problems.OrderBy(problem => problem.Position.File, StringComparer.Ordinal).ThenBy(problem => problem.Position.Line).ThenBy(problem => problem.Position.Column))
        {
            var (color, word) = problem.Severity switch
            {
                Severity.Error => ("31;1", "error"),
                Severity.Warning => ("33;1", "warning"),
                _ => ("36", "note"),
            };
            var hint = problem.Hint is { } known ? PaintError("2", $" ({known})") : "";
            ErrorOut.WriteLine($"{PaintError("1", problem.Position.ToString())}: {PaintError(color, word)}: {problem.Message}{hint}");
        }

        if (problems.Count > 0)
        {
            var counts = problems.GroupBy(problem => problem.Severity).OrderBy(group => group.Key)
                .Select(group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()}{(group.Count() == 1 ? "" : "s")}");
            ErrorOut.WriteLine(string.Join(", ", counts));
        }
    }

    private string Paint(string code, string text) => HasColor ? $"\e[{code}m{text}{Reset}" : text;

    private string PaintError(string code, string text) => ErrorHasColor ? $"\e[{code}m{text}{Reset}" : text;
}
