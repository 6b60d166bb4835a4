namespace HomeIQ.Reconciler.Desired;

/// <summary>What lies in a database's files, and so how it is proven.</summary>
public enum DatabaseKind
{
    /// <summary>Any files: all of them, as they are.</summary>
    Volume,
}

/// <summary>Data that moves with the commit: copied before anything that writes it is replaced, and put back with what goes back.</summary>
/// <param name="Service">Whose data it is: the copy is taken when this service, or another one on the same volume, is replaced.</param>
/// <param name="Mount">The mount point inside that service's container; a volume has to be there.</param>
public sealed record DesiredDatabase(string Name, DatabaseKind Kind, string Service, string Mount);
