using System.CommandLine;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Cli;

internal enum OutputFormat
{
    Table,
    Json,
    Markdown,
}

/// <summary>What verbs have in common: their output, and one place where what went wrong becomes one clear message.</summary>
internal static class Verb
{
    public static Option<OutputFormat> Output(params OutputFormat[] formats)
    {
        var names = formats.Select(format => format.ToString().ToLowerInvariant()).ToArray();
        var option = new Option<OutputFormat>("--output", "-o") { Description = $"form of the output: {string.Join(", ", names)} (default table)", HelpName = string.Join('|', names) };
        option.CustomParser = result => Enum.TryParse<OutputFormat>(result.Tokens[0].Value, ignoreCase: true, out var format) && formats.Contains(format) ? format : Reject(result, names);
        option.CompletionSources.Add(names);
        return option;

        static OutputFormat Reject(System.CommandLine.Parsing.ArgumentResult result, string[] names)
        {
            result.AddError($"-o {result.Tokens[0].Value} is not one of: {string.Join(", ", names)}");
            return default;
        }
    }

    /// <summary>A length of time as people write it.</summary>
    public static Option<TimeSpan> Span(string name, string description)
    {
        var option = new Option<TimeSpan>(name) { Description = description, HelpName = "TIME" };
        option.CustomParser = result =>
        {
            if (Duration.Parse(result.Tokens[0].Value) is { } span)
            {
                return span;
            }

            result.AddError($"{name} {result.Tokens[0].Value} is no length of time: write 90s, 30m or 2h");
            return default;
        };
        return option;
    }

    /// <summary>A number of things, at least one.</summary>
    public static Option<int> Count(string name, string letter, string description, int usual)
    {
        var option = new Option<int>(name, letter) { Description = $"{description} (default {usual})", HelpName = "N", DefaultValueFactory = _ => usual };
        option.CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, out var number) && number > 0)
            {
                return number;
            }

            result.AddError($"{letter} {result.Tokens[0].Value} is no number of them");
            return 0;
        };
        return option;
    }

    /// <summary>In the list of verbs each is one sentence; the rest of what a verb has to say is its own help.</summary>
    public static void ShortenDescriptions(RootCommand root, Command asked)
    {
        foreach (var command in root.Subcommands.Where(command => command != asked))
        {
            var text = (command.Description ?? "").ReplaceLineEndings(" ");
            var end = text.IndexOf(". ", StringComparison.Ordinal);
            command.Description = end < 0 ? text.TrimEnd('.') : text[..end];
        }
    }

    /// <summary>Gives the command its deed; known failures are printed as <c>homeiq: error: …</c> and end with 2, or with what <paramref name="error"/> says.</summary>
    public static void Does(this Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> deed, Func<ParseResult, int>? error = null) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var terminal = Terminal.Of(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                return await deed(parsed, terminal, cancellationToken);
            }
            catch (UsageException wrong)
            {
                terminal.Error(wrong.Message, wrong.Hint);
            }
            catch (GitException unreadable)
            {
                terminal.Error(unreadable.Message, unreadable.Hint ?? "check --repo, --branch and the credentials (HOMEIQ_GIT_TOKEN, HOMEIQ_GIT_USER, HOMEIQ_GIT_PASSWORD)");
            }
            catch (ContainerHostException unavailable)
            {
                terminal.Error(unavailable.Message, unavailable.Failure is HostFailure.Unreachable ? "is the engine running? give --docker ENDPOINT if it is elsewhere" : null);
            }
            catch (JournalException unusable)
            {
                terminal.Error(unusable.Message, null);
            }
            catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
            {
                terminal.Error(broken.Message, "check the path and its permissions; homeiq needs its state directory for itself");
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                terminal.Error("interrupted", null);
            }

            return error?.Invoke(parsed) ?? ExitCode.Error;
        });
}
