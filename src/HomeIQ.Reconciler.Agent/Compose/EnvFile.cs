using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>One line of an env file. A null text is a bare <c>NAME</c>: nothing gave it a value.</summary>
public sealed record EnvEntry(string Name, string? Text, bool IsFromHost, SourcePosition Position);

/// <summary>Reads env files by the rules of Compose v2.</summary>
public static class EnvFile
{
    /// <summary>The entries in the order of the file; of two with one name, the later counts.</summary>
    /// <param name="variables">Asked before the file's own earlier entries, as Compose does.</param>
    /// <param name="isFromHost">The file itself lies outside Git.</param>
    public static IReadOnlyList<EnvEntry> Parse(byte[] bytes, string file, Variables variables, bool isFromHost, ICollection<Problem> problems) => [];

    /// <summary>The host's own env files (<see cref="LoadRequest.EnvFiles"/>); later files win.</summary>
    public static Variables ReadHostFiles(LoadRequest request, ICollection<Problem> problems) => Variables.None;
}
