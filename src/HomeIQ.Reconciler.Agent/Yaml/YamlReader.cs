using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>Turns the bytes of one YAML document into nodes, within bounds of size, depth and expansion.</summary>
public static class YamlReader
{
    /// <summary>Null when the text could not be read at all. An empty document is a null scalar.</summary>
    /// <param name="file">As the user knows it, for positions.</param>
    public static YamlNode? Read(byte[] bytes, string file, ICollection<Problem> problems) => null;
}
