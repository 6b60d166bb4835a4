using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>A value that interpolation may put in the place of <c>${NAME}</c>, and where it was written.</summary>
/// <param name="IsFromHost">It comes, wholly or in part, from outside Git.</param>
public sealed record Variable(string Name, string Text, bool IsFromHost, SourcePosition Position);

/// <summary>All that interpolation may look at: the env files named in the settings, never the environment of the process.</summary>
public sealed class Variables
{
    private readonly Dictionary<string, Variable> variables = new(StringComparer.Ordinal);

    /// <summary>Later variables of the same name win.</summary>
    public Variables(IEnumerable<Variable> variables, IEnumerable<string> files, bool leaveUnresolved = false)
    {
        foreach (var variable in variables)
        {
            this.variables[variable.Name] = variable;
        }

        Files = [.. files];
        LeaveUnresolved = leaveUnresolved;
    }

    public static Variables None { get; } = new([], []);

    /// <summary>Leaves every <c>${VAR}</c> as it stands: there is no host to ask.</summary>
    public static Variables Unresolved { get; } = new([], [], leaveUnresolved: true);

    /// <summary>The env files that were read, as the user named them.</summary>
    public ValueList<string> Files { get; }

    public bool LeaveUnresolved { get; }

    /// <summary>A variable that nobody set is empty, with a warning, as Compose does it; otherwise it is an error.</summary>
    public bool UnsetIsEmpty { get; init; }

    public IReadOnlyCollection<Variable> All => variables.Values;

    /// <summary>Null when nobody set it.</summary>
    public Variable? Find(string name) => variables.GetValueOrDefault(name);

    /// <summary>These, and others that count only where these are silent.</summary>
    public Variables WithDefaults(IEnumerable<Variable> defaults, IEnumerable<string> files) =>
        new([.. defaults, .. variables.Values], [.. Files, .. files], LeaveUnresolved) { UnsetIsEmpty = UnsetIsEmpty };
}
