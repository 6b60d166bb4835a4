namespace HomeIQ.Reconciler.Planning;

/// <summary>What the planner has to say, gathered while it decides.</summary>
internal sealed class Remarks
{
    private readonly List<Remark> warnings = [];
    private readonly List<Remark> refusals = [];
    private readonly List<Remark> approvals = [];
    private readonly List<Remark> holds = [];
    private readonly List<Remark> suspensions = [];

    public ValueList<Remark> Warnings => Sorted(warnings);

    public ValueList<Remark> Refusals => Sorted(refusals);

    public ValueList<Remark> Approvals => Sorted(approvals);

    public ValueList<Remark> Holds => Sorted(holds);

    public ValueList<Remark> Suspensions => Sorted(suspensions);

    public void Warn(string code, string subject, string message, string? hint = null) => warnings.Add(new(code, subject, message, hint));

    public void Refuse(string code, string subject, string message, string? hint = null) => refusals.Add(new(code, subject, message, hint));

    public void Ask(string code, string subject, string message, string? hint = null) => approvals.Add(new(code, subject, message, hint));

    public void Hold(string code, string subject, string message, string hint, string quarantine) => holds.Add(new(code, subject, message, hint, quarantine));

    public void Suspend(string subject, string message, string hint) => suspensions.Add(new("suspended", subject, message, hint));

    private static ValueList<Remark> Sorted(List<Remark> remarks) =>
    [
        .. remarks.Distinct()
            .OrderBy(remark => remark.Subject, StringComparer.Ordinal)
            .ThenBy(remark => remark.Code, StringComparer.Ordinal)
            .ThenBy(remark => remark.Message, StringComparer.Ordinal),
    ];
}
