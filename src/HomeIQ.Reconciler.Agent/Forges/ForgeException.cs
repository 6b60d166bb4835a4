namespace HomeIQ.Reconciler.Forges;

/// <summary>A forge did not take what it was told. Nothing else depends on it.</summary>
public sealed class ForgeException(string message, Exception? inner = null) : IOException(message, inner);
