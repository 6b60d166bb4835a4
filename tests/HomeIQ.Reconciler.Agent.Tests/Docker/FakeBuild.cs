using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Reads as much of a Dockerfile as shows in an image: <c>FROM, ARG, ENV, LABEL, VOLUME, HEALTHCHECK</c>, and a <c>RUN</c> that fails.</summary>
internal static class FakeBuild
{
    public static FakeImage Make(BuildRequest request, byte[] context, Func<string, FakeImage?> find, IProgress<TransferProgress> progress)
    {
        var files = Read(context);
        var text = request.Spec.DockerfileInline
            ?? files.GetValueOrDefault(request.Dockerfile.TrimStart('/'))
            ?? throw Failed($"failed to read dockerfile: open {request.Dockerfile}: no such file or directory");
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        var image = new FakeImage("");
        var lines = text.ReplaceLineEndings("\n").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToList();
        foreach (var (line, number) in lines.Select((line, index) => (line, index + 1)))
        {
            progress.Report(new TransferProgress("", $"Step {number}/{lines.Count} : {line}"));
            var (instruction, rest) = line.Split(' ', 2) is [var head, var tail] ? (head.ToUpperInvariant(), Expand(tail.Trim())) : (line, "");
            image = instruction switch
            {
                "FROM" when rest.Split(' ')[0] == "scratch" => new FakeImage(""),
                "FROM" => find(rest.Split(' ')[0]) ?? throw Failed($"pull access denied for {rest.Split(' ')[0]}, repository does not exist"),
                "ENV" => image with { Environment = With(image.Environment, rest) },
                "LABEL" => image with { Labels = With(image.Labels, rest) },
                "VOLUME" => image with { Volumes = [.. image.Volumes, rest] },
                "HEALTHCHECK" => image with { HealthCheck = Check(rest) },
                "COPY" or "ADD" when rest.Split(' ')[0] is var from && from is not "." && !from.StartsWith("--", StringComparison.Ordinal)
                    && !files.Keys.Any(file => file.StartsWith(from.TrimStart('.', '/'), StringComparison.Ordinal)) =>
                    throw Failed($"COPY failed: file not found in build context or excluded by .dockerignore: stat {from}: file does not exist"),
                "RUN" when rest.Contains("false", StringComparison.Ordinal) || rest.Contains("exit 1", StringComparison.Ordinal) =>
                    throw Failed($"The command '/bin/sh -c {rest}' returned a non-zero code: 1"),
                _ => image,
            };

            if (instruction == "ARG")
            {
                var (name, initial) = rest.Split('=', 2) is [var key, var value] ? (key, value) : (rest, "");
                arguments[name] = request.Spec.Arguments.TryGetValue(name, out var given) ? given : initial;
            }
        }

        image = image with { Labels = new([.. image.Labels, .. request.Spec.Labels, KeyValuePair.Create(ObservedImage.BuildLabel, request.Spec.Digest), .. request.Labels]), Tags = [], RepoDigests = [] };
        var content = string.Join('\n', files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key}\0{file.Value}"));
        var id = SHA256.HashData(Encoding.UTF8.GetBytes($"{content}\0{request.Spec.Arguments}\0{request.Spec.Target}\0{image.Environment}\0{image.Labels}"));
        return image with { Id = $"sha256:{Convert.ToHexStringLower(id)}" };

        string Expand(string line) =>
            arguments.Aggregate(line, (sofar, pair) => sofar.Replace($"${{{pair.Key}}}", pair.Value, StringComparison.Ordinal).Replace($"${pair.Key}", pair.Value, StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Read(byte[] context)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        using var tar = new TarReader(new MemoryStream(context));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } data)
            {
                using var reader = new StreamReader(data, Encoding.Latin1);
                files[entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name] = reader.ReadToEnd();
            }
        }

        return files;
    }

    private static ValueMap<string> With(ValueMap<string> map, string assignments) =>
        assignments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2)
            .Aggregate(map, (sofar, pair) => sofar.With(pair[0].Trim('"'), pair[1].Trim('"', '\'')));

    private static HealthCheck? Check(string rest)
    {
        if (rest == "NONE")
        {
            return HealthCheck.Disabled;
        }

        var options = rest.Split("CMD", 2)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(option => option.Split('=')).ToDictionary(option => option[0], option => option[1], StringComparer.Ordinal);
        TimeSpan Time(string option, double otherwise) => TimeSpan.FromSeconds(
            options.TryGetValue(option, out var text)
                ? text.EndsWith("ms", StringComparison.Ordinal)
                    ? double.Parse(text[..^2], System.Globalization.CultureInfo.InvariantCulture) / 1000
                    : double.Parse(text.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture)
                : otherwise);
        return new HealthCheck(
            ["CMD-SHELL", rest.Split("CMD", 2)[1].Trim()],
            Time("--interval", 30), Time("--timeout", 30), options.TryGetValue("--retries", out var retries) ? int.Parse(retries, System.Globalization.CultureInfo.InvariantCulture) : 3, Time("--start-period", 0));
    }

    private static ContainerHostException Failed(string words) => new(HostFailure.Invalid, words);
}
