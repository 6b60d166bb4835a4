using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>One line of an env file. A null text is a bare <c>NAME</c>: nothing gave it a value.</summary>
public sealed record EnvEntry(string Name, string? Text, bool IsFromHost, SourcePosition Position);

/// <summary>Reads env files by the rules of Compose v2.</summary>
public static class EnvFile
{
    public const int MaximumBytes = 1 << 20;

    /// <summary>The entries in the order of the file; of two with one name, the later counts.</summary>
    /// <param name="variables">Asked before the file's own earlier entries, as Compose does.</param>
    /// <param name="isFromHost">The file itself lies outside Git.</param>
    public static IReadOnlyList<EnvEntry> Parse(byte[] bytes, string file, Variables variables, bool isFromHost, ICollection<Problem> problems) =>
        Parse(bytes, file, variables, isFromHost, new Dictionary<string, Variable>(StringComparer.Ordinal), problems);

    /// <summary>The host's own env files (<see cref="LoadRequest.EnvFiles"/>); later files win, and may refer to what earlier ones set.</summary>
    public static Variables ReadHostFiles(LoadRequest request, ICollection<Problem> problems)
    {
        var known = new Dictionary<string, Variable>(StringComparer.Ordinal);
        foreach (var path in request.EnvFiles)
        {
            if (ReadHostFile(path, problems) is { } bytes)
            {
                Parse(bytes, path, Variables.None, isFromHost: true, known, problems);
            }
        }

        return new Variables(known.Values, request.EnvFiles, request.LeaveUnresolved) { UnsetIsEmpty = request is { ComposeFiles.Count: > 0, EnvFiles.Count: 0 } };
    }

    /// <param name="known">What earlier files and lines set; grows by what this file sets.</param>
    internal static IReadOnlyList<EnvEntry> Parse(
        byte[] bytes, string file, Variables variables, bool isFromHost, Dictionary<string, Variable> known, ICollection<Problem> problems)
    {
        if (bytes.Length > MaximumBytes)
        {
            problems.Add(new Problem(new SourcePosition(file), $"the env file has {bytes.Length} bytes; at most {MaximumBytes} are read"));
            return [];
        }

        if (EnvFileParser.Decode(bytes, file, problems) is not { } text)
        {
            return [];
        }

        ValueList<string> files = [.. variables.Files.Append(file).Distinct(StringComparer.Ordinal)];
        var interpolator = new Interpolator(name => variables.Find(name) ?? known.GetValueOrDefault(name), files, variables.LeaveUnresolved, problems) { UnsetIsEmpty = variables.UnsetIsEmpty };
        var entries = new List<EnvEntry>();
        foreach (var line in new EnvFileParser(text, file, problems).Lines())
        {
            var entry = Evaluate(line, variables, isFromHost, known, interpolator);
            entries.Add(entry);
            if (entry.Text is { } value)
            {
                known[entry.Name] = new Variable(entry.Name, value, entry.IsFromHost, entry.Position);
            }
        }

        return entries;
    }

    private static EnvEntry Evaluate(EnvLine line, Variables variables, bool isFromHost, Dictionary<string, Variable> known, Interpolator interpolator)
    {
        if (line.Text is null)
        {
            var inherited = variables.Find(line.Name) ?? known.GetValueOrDefault(line.Name);
            return new EnvEntry(line.Name, inherited?.Text, isFromHost || inherited is { IsFromHost: true }, line.Position);
        }

        var refersToHost = false;
        var text = line.IsLiteral ? line.Text : interpolator.Expand(line.Text, line.ValuePosition, out refersToHost);
        return new EnvEntry(line.Name, text, isFromHost || refersToHost, line.Position);
    }

    private static byte[]? ReadHostFile(string path, ICollection<Problem> problems)
    {
        var position = new SourcePosition(path);
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length <= MaximumBytes)
            {
                return File.ReadAllBytes(path);
            }

            problems.Add(file.Exists
                ? new Problem(position, $"the env file has {file.Length} bytes; at most {MaximumBytes} are read")
                : new Problem(position, Directory.Exists(path) ? "the env file is a folder" : "the env file does not exist", "--env-file names it"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.Add(new Problem(position, $"the env file cannot be read: {exception.Message}"));
        }

        return null;
    }
}
