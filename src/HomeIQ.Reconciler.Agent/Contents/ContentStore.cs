using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>Files and folders of commits, exported by digest for containers to mount.</summary>
public sealed class ContentStore(string root)
{
    public string Root { get; } = root;

    /// <summary>True when the export is there and nobody edited it.</summary>
    public bool IsIntact(string digest) => Path.Exists(Path.Combine(Root, digest));

    /// <summary>Exports a content whole or not at all; replaces an edited one. The tree may be missing for inline texts only.</summary>
    public void Export(ISourceTree? tree, BoundContent content) => throw new NotImplementedException();

    /// <summary>Copies a file or folder of the commit to a host path where nothing is yet.</summary>
    public void Seed(ISourceTree tree, string path, string target) => throw new NotImplementedException();
}
