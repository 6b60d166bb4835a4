using System.Security.Cryptography;
using System.Text;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What an approval binds to: revision, contents (host inputs among them, by their keyed digests) and steps; not causes, warnings or estimates.</summary>
public static class PlanDigest
{
    /// <summary>16 hex digits; empty for a plan without steps.</summary>
    public static string Of(Plan plan)
    {
        if (plan.IsEmpty)
        {
            return "";
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Append(string line) => hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));

        Append(plan.Project);
        Append(plan.Revision);
        Append($"{plan.From} {plan.IsRollback}");
        foreach (var (service, content) in plan.Contents)
        {
            Append($"{service} {content}");
        }

        foreach (var step in plan.Steps)
        {
            // A record's own text names every property, so a step that gains one changes the digest by itself.
            Append($"{step.Number} {step.Step} {step.After} {step.IsCleanUp}");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
