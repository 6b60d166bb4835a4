using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Docker;

/// <summary>As much of a shell as health checks, probes and tests run inside a fake container.</summary>
internal static partial class FakeShell
{
    /// <summary>Whatever they are told, they ask the application.</summary>
    private static readonly HashSet<string> Askers =
        new(StringComparer.Ordinal) { "curl", "wget", "python", "python3", "nc", "bash", "influx", "/app/get" };

    /// <param name="unwell">Why the application would not answer now; null when it does.</param>
    public static ExecResult Run(FakeContainer container, IReadOnlyList<string> command, string? unwell)
    {
        var script = command switch
        {
            ["CMD", ..] => string.Join(' ', command.Skip(1)),
            ["CMD-SHELL", var line] => line,
            ["sh" or "/bin/sh" or "bash" or "/bin/bash", "-c", var line, ..] => line,
            _ => string.Join(' ', command),
        };

        var output = new List<string>();
        var code = 0L;
        foreach (var clause in Clauses().Split(script).Select(clause => clause.Trim()).Where(clause => clause.Length > 0))
        {
            if (clause is "&&" or "||")
            {
                if (clause == "&&" != (code == 0))
                {
                    break;
                }

                continue;
            }

            if (clause == ";")
            {
                continue;
            }

            var words = clause.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('"', '\'')).ToArray();
            if (words[0] == "exit")
            {
                code = words.Length > 1 ? long.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture) : code;
                break;
            }

            code = One(words);
        }

        return new ExecResult(code, string.Concat(output.Select(line => $"{line}\n")));

        long One(string[] words)
        {
            switch (words)
            {
                case ["true" or ":", ..]:
                    return 0;
                case ["false", ..]:
                    return 1;
                case ["echo", .. var text]:
                    if (Array.IndexOf(text, ">") is >= 0 and var to)
                    {
                        container.Files[text[to + 1]] = string.Join(' ', text[..to]);
                        return 0;
                    }

                    output.Add(string.Join(' ', text));
                    return 0;
                case ["touch", var file]:
                    container.Files[file] = "";
                    return 0;
                case ["rm", .., var file]:
                    container.Files.Remove(file);
                    return 0;
                case ["test" or "[", "!", "-e" or "-f", var file, ..]:
                    return container.Files.ContainsKey(file) ? 1 : 0;
                case ["test" or "[", "-e" or "-f", var file, ..]:
                    return container.Files.ContainsKey(file) ? 0 : 1;
                case ["cat", var file]:
                    if (!container.Files.TryGetValue(file, out var content))
                    {
                        output.Add($"cat: can't open '{file}': No such file or directory");
                        return 1;
                    }

                    output.Add(content);
                    return 0;
                case ["kill", ..]:
                    return 0;
                case [var program, ..] when !Askers.Contains(program):
                    output.Add($"exec: \"{program}\": executable file not found in $PATH");
                    return 127;
            }

            output.Add(unwell ?? container.Knob("HEALTH_BODY") ?? "ok");
            return unwell is null ? 0 : 1;
        }
    }

    [GeneratedRegex(@"(?<joint>&&|\|\||;)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Clauses();
}
