namespace HomeIQ.Reconciler.Locking;

/// <summary>The lock on the engine is not ours any more: whatever was under way ends between two steps, without a way back, as after a crash.</summary>
public sealed class LockLostException(string reason) : Exception(reason);
