namespace HomeIQ.Reconciler.Changes;

/// <summary>Names that containers bear while they are not (or no longer) the service's own.</summary>
public static class ContainerNames
{
    private const string NewSuffix = ".new";
    private const string KeptMark = ".kept-";
    private const string FailedMark = ".failed-";
    private const string JobSuffix = ".job.new";

    /// <summary>A container that was made and does not bear its final name yet.</summary>
    public static string New(string container) => container + NewSuffix;

    /// <summary>A container that does one thing for a service and is removed then.</summary>
    /// <param name="subject">What it is about: of one service several may run at once.</param>
    public static string Job(string container, string subject) => $"{container}.{subject}{JobSuffix}";

    public static bool IsJob(string name) => name.EndsWith(JobSuffix, StringComparison.Ordinal);

    /// <summary>The old container, kept until promotion.</summary>
    public static string Kept(string container, string id) => $"{container}{KeptMark}{Short(id)}";

    /// <summary>A container that failed, kept for inspection.</summary>
    public static string Failed(string container, string id) => $"{container}{FailedMark}{Short(id)}";

    public static bool IsFailed(string name) => name.Contains(FailedMark, StringComparison.Ordinal);

    /// <summary>True for a name that only a run under way, or one that was cut off, leaves behind.</summary>
    public static bool IsTemporary(string name) =>
        name.EndsWith(NewSuffix, StringComparison.Ordinal) || name.Contains(NewSuffix + "-", StringComparison.Ordinal) || name.Contains(KeptMark, StringComparison.Ordinal);

    private static string Short(string id) => id.Length > 6 ? id[..6] : id;
}
