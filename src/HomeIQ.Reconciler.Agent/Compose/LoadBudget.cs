using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The files ask for more than a load may use.</summary>
internal sealed class ComposeRefusedException(Problem problem) : Exception(problem.Message)
{
    public Problem Problem { get; } = problem;
}

/// <summary>What one load may use at most, however its files include, extend and merge one another.</summary>
internal sealed class LoadBudget
{
    private const int MaximumFiles = 256;
    private const int MaximumBytes = 8 << 20;
    private const int MaximumValues = 200_000;

    private int files;
    private int bytes;
    private int values;

    public void SpendFile(int length, SourcePosition position)
    {
        files++;
        bytes += length;
        if (files > MaximumFiles || bytes > MaximumBytes)
        {
            throw new ComposeRefusedException(new Problem(position, $"too much is included and extended: at most {MaximumFiles} files and {MaximumBytes} bytes are read"));
        }
    }

    public void SpendValues(int count, SourcePosition position)
    {
        values += count;
        if (values > MaximumValues)
        {
            throw new ComposeRefusedException(new Problem(position, $"these files hold, or merge into, more than {MaximumValues} values"));
        }
    }
}
