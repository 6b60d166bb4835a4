using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The front door of the desired state: the files of a commit in, one value (or every problem at once) out.</summary>
public static class DesiredStateLoader
{
    public static LoadResult Load(LoadRequest request) => throw new NotImplementedException(request.Path);
}
