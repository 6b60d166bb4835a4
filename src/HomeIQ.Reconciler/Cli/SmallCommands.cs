using System.CommandLine;
using HomeIQ.Reconciler.Policies;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq schema</c>: the JSON Schema of <c>reconciler.yaml</c>, for editors.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", """
            Print the JSON Schema of reconciler.yaml. Editors that know it complete and check
            the file as you type:

              homeiq schema > reconciler.schema.json
              # yaml-language-server: $schema=reconciler.schema.json
            """);
        command.Does((_, terminal, _) =>
        {
            terminal.Line(PolicySchema.Text.TrimEnd());
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}

/// <summary><c>homeiq version</c>.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Print the version of this program.");
        command.Does((_, terminal, _) =>
        {
            terminal.Line($"homeiq {Text}");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    public static string Text { get; } = typeof(VersionCommand).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}

/// <summary><c>homeiq completion SHELL</c>: a script for the shell's completion, which asks the program itself.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _homeiq() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(homeiq "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$2"))
        }
        complete -o default -F _homeiq homeiq
        """;

    private const string Zsh = """
        #compdef homeiq
        _homeiq() {
          local -a found
          found=("${(@f)$(homeiq "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -- $found
        }
        if [[ ${funcstack[1]} == _homeiq ]]; then _homeiq; else compdef _homeiq homeiq; fi
        """;

    private const string Fish = """
        complete -c homeiq -f -a '(homeiq "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", """
            Print a completion script for your shell.

              homeiq completion bash > /etc/bash_completion.d/homeiq
              homeiq completion zsh  > "${fpath[1]}/_homeiq"
              homeiq completion fish > ~/.config/fish/completions/homeiq.fish
            """) { shell };
        command.Does((parsed, terminal, _) =>
        {
            terminal.Line(parsed.GetValue(shell) switch { "zsh" => Zsh, "fish" => Fish, _ => Bash });
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
