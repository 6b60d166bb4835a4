using CsCheck;

namespace HomeIQ.Reconciler.Histories;

/// <summary>What holds for a house under a daemon, whatever is committed, whoever lays hands on it and whenever the daemon dies: each of these histories is played under a clock that runs through its days in seconds.</summary>
/// <remarks>The laws are in <c>House.Laws.cs</c>. A history that breaks one is told with its seed: <c>CsCheck_Seed=… HQ_HISTORIES=1</c> plays it again, and a larger number looks for a shorter one.</remarks>
public sealed class HistoryLaws
{
    private static readonly int Histories = int.Parse(Environment.GetEnvironmentVariable("HQ_HISTORIES") ?? "24");

    /// <summary>They mostly wait for their clocks, and not for a processor.</summary>
    private const int AtOnce = 4;

    [Fact]
    public Task What_failed_is_not_tried_again_the_host_is_new_or_known_good_bad_is_told_and_quiet_is_quiet() =>
        History.Any.SampleAsync(House.PlayAsync, iter: Histories, threads: AtOnce);
}
