using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Several Compose files as one tree: interpolated, extended, included, merged; profiles are not applied.</summary>
/// <param name="Root">
/// <c>services</c>, <c>networks</c>, <c>volumes</c>, <c>secrets</c>, <c>configs</c> and whatever unknown key stood there; without <c>x-</c> keys,
/// <c>extends</c>, <c>include</c>, <c>name</c>, <c>version</c>, tags and merge keys.
/// </param>
/// <param name="ProjectName">The last <c>name:</c> of the files, or null.</param>
/// <param name="Folder">Folder of the first file, from the tree's root, without a trailing slash; empty = the root.</param>
/// <remarks>
/// <para>Attributes with two forms come out in one, at every file's own positions:
/// <c>environment, labels, annotations, sysctls, build.args, build.labels, build.additional_contexts, deploy.labels, driver_opts</c> as mappings
/// (a bare <c>NAME</c> has a null scalar); <c>depends_on</c> as a mapping of mappings with at least <c>condition</c>; a service's <c>networks</c> as a
/// mapping, values null or a mapping; <c>build</c> as a mapping; <c>env_file</c> as a list of mappings with at least <c>path</c>; a service's
/// <c>secrets</c> and <c>configs</c> as lists of mappings with at least <c>source</c>; <c>extra_hosts</c> as a list of <c>host=address</c>;
/// <c>dns, dns_search, dns_opt, tmpfs, label_file</c> as lists. <c>command, entrypoint, healthcheck.test, ports, volumes, ulimits</c> keep the form they were written in.
/// A node of a wrong kind is left as it stands, for the reader to refuse.</para>
/// <para>A path relative to a file comes out relative to the tree's root and always begins with <c>./</c>, so that it is never mistaken for a
/// volume's name (<c>./</c> alone is the root): <c>build.context</c>, <c>build.additional_contexts.*</c>, sources of bind mounts (short and long),
/// <c>env_file.*.path</c>, <c>label_file</c>, <c>configs.*.file</c>, <c>secrets.*.file</c>. <c>build.dockerfile</c> stays relative to its context. A path that leaves
/// the tree is a problem; absolute paths, <c>~</c>, URLs and text that still holds <c>$</c> stay as they are.</para>
/// </remarks>
public sealed record MergedCompose(YamlMapping Root, string? ProjectName, string Folder);

/// <summary>Loads Compose files from a tree.</summary>
public static class ComposeFiles
{
    /// <summary>Null when nothing usable could be read; problems may have been found in either case.</summary>
    /// <param name="files">From the root of the tree, later ones override earlier ones.</param>
    public static MergedCompose? Load(LoadRequest request, IReadOnlyList<string> files, Variables variables, ICollection<Problem> problems)
    {
        var found = new ProblemList();
        try
        {
            return files.Count == 0 ? null : new ComposeLoader(request.Tree, found).Load(files, variables);
        }
        catch (ComposeRefusedException refused)
        {
            found.Add(refused.Problem);
            return null;
        }
        finally
        {
            foreach (var problem in found)
            {
                problems.Add(problem);
            }
        }
    }
}
