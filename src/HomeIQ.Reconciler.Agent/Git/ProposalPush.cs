using System.Text;
using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>Makes a proposal's commit inside the clone, without a work tree, and brings it to the source as a branch of its own.</summary>
internal sealed class ProposalPush(GitAddress address, GitTransfer transfer)
{
    /// <summary>Every branch of ours begins so; no other is ever pushed.</summary>
    private const string Prefix = "homeiq/";

    private const string Author = "HomeIQ Reconciler";

    /// <summary>A mailbox that can belong to nobody.</summary>
    private const string Email = "reconciler@homeiq.invalid";

    private const string Found = "refs/source/proposal";

    /// <exception cref="GitException">It was not pushed.</exception>
    public ProposalOutcome Perform(Repository repository, Proposal proposal, CancellationToken cancellationToken)
    {
        if (!proposal.Branch.StartsWith(Prefix, StringComparison.Ordinal) || !Reference.IsValidName($"refs/heads/{proposal.Branch}"))
        {
            throw Refused($"\"{proposal.Branch}\" is no name for a branch of ours, {Prefix}NAME.");
        }

        var parent = repository.Lookup<Commit>(proposal.Base) ?? throw Refused($"Commit {proposal.Base} is not in the clone of {address.Shown}.");
        var tree = TreeOf(repository, parent, proposal);
        if (tree.Id == parent.Tree.Id)
        {
            throw Refused($"The files of commit {proposal.Base[..8]} read so already: there is nothing to propose.");
        }

        transfer.FetchBranch(repository, proposal.Branch, Found, cancellationToken);
        if (repository.Refs[Found]?.ResolveToDirectReference() is { } found)
        {
            return repository.Lookup<Commit>(found.TargetIdentifier) is { } there && there.Tree.Id == tree.Id
                ? new ProposalOutcome.AlreadyThere(proposal.Branch, there.Sha)
                : throw new GitException(GitFailure.Refused, $"{address.Shown} has a branch {proposal.Branch} with other content, which is left alone.") { Hint = "merge or delete that branch" };
        }

        var commit = Make(repository, proposal);
        transfer.Push(repository, commit.Sha, proposal.Branch, there => Make(there, proposal), cancellationToken);
        return new ProposalOutcome.Pushed(proposal.Branch, commit.Sha);
    }

    private static Commit Make(Repository repository, Proposal proposal)
    {
        var parent = repository.Lookup<Commit>(proposal.Base) ?? throw Refused($"Commit {proposal.Base} is not in the source any more.");
        var signature = new Signature(Author, Email, proposal.At);
        return repository.ObjectDatabase.CreateCommit(signature, signature, proposal.Message, TreeOf(repository, parent, proposal), [parent], prettifyMessage: false);
    }

    private static Tree TreeOf(Repository repository, Commit parent, Proposal proposal)
    {
        var tree = TreeDefinition.From(parent.Tree);
        foreach (var (path, text) in proposal.Files)
        {
            if (parent[path] is not { TargetType: TreeEntryTargetType.Blob, Mode: Mode.NonExecutableFile or Mode.ExecutableFile } entry)
            {
                throw Refused($"{path} is no file in commit {parent.Sha[..8]}: only the text of files can be proposed.");
            }

            using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
            tree.Add(path, repository.ObjectDatabase.CreateBlob(content), entry.Mode);
        }

        return repository.ObjectDatabase.CreateTree(tree);
    }

    private static GitException Refused(string message) => new(GitFailure.Refused, message);
}
