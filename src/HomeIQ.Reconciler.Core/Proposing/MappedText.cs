namespace HomeIQ.Reconciler.Proposing;

/// <summary>A YAML file's text, and in which of its lines each service stands: found by somebody who knows YAML.</summary>
/// <param name="Text">With its line breaks as they are: LF or CR LF.</param>
/// <param name="Services">In the order of the file; their lines do not overlap.</param>
public sealed record MappedText(string Text, ValueList<ServiceLines> Services);

/// <summary>The lines of one entry of <c>services</c>, counted from 1: from its key to the end of its value.</summary>
public sealed record ServiceLines(string Service, int First, int Last);

/// <summary>What became of putting some services' blocks back.</summary>
public abstract record Restoration
{
    private Restoration()
    {
    }

    /// <summary>The text with the blocks put back; equal to the given one when they read so already.</summary>
    public sealed record Restored(string Text) : Restoration;

    /// <summary>The blocks cannot be told apart from the rest, or the rest would not mean the same any more.</summary>
    public sealed record NotLocated(string Reason) : Restoration;
}
