namespace HomeIQ.Reconciler.Contents;

/// <summary>How much of a tree is taken before it is refused as absurd.</summary>
public static class SourceLimits
{
    /// <summary>A file that is read as a whole (Compose files, policy, Dockerfiles).</summary>
    public const long TextFile = 10L << 20;

    /// <summary>One file of an exported folder.</summary>
    public const long ContentFile = 64L << 20;

    /// <summary>All files of an exported folder together.</summary>
    public const long ContentTotal = 256L << 20;

    /// <summary>One file of a build context.</summary>
    public const long BuildFile = 512L << 20;

    /// <summary>All files of a build context together.</summary>
    public const long BuildTotal = 2L << 30;

    /// <summary>Files and folders of one tree.</summary>
    public const int Entries = 100_000;

    /// <summary>Folders within folders.</summary>
    public const int Depth = 64;
}
