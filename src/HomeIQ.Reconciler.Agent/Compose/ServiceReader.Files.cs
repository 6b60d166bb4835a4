using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// Secrets and configs: single files, mounted read-only.
internal sealed partial class ServiceReader
{
    private void SharedFiles(string section, IReadOnlyDictionary<string, KeyReader> definitions)
    {
        var secret = section == "secrets";
        foreach (var item in keys.Items(section))
        {
            switch (item)
            {
                case YamlScalar scalar:
                    SharedFile(section, definitions, scalar, null, null, item.Position);
                    break;
                case YamlMapping map:
                    var reader = keys.Below(map, section);
                    var source = reader.Scalar("source");
                    var target = reader.Word("target");
                    var mode = reader.Typed<int>("mode", "an octal mode", Units.Mode, "write 0440");
                    foreach (var key in (ReadOnlySpan<string>)["uid", "gid"])
                    {
                        if (reader.Word(key) is not (null or "0"))
                        {
                            reader.Refuse(key, "files are exported as root's", "use mode");
                        }
                    }

                    reader.Done();
                    if (source is null)
                    {
                        reader.Error("source", "is missing");
                    }
                    else
                    {
                        SharedFile(section, definitions, source, target, mode, item.Position);
                    }

                    break;
                default:
                    keys.Wrong(item, section, $"a list of {section}");
                    break;
            }
        }

        void SharedFile(string kind, IReadOnlyDictionary<string, KeyReader> all, YamlScalar source, string? target, int? mode, SourcePosition position)
        {
            if (!all.TryGetValue(source.Text, out var definition))
            {
                Problems.Error(source.Position, $"{keys.Where}.{kind}", $"there is no {kind[..^1]} `{source.Text}`",
                    Suggestions.For(source.Text, all.Keys) ?? $"define it under {kind} at the top");
                return;
            }

            var path = target switch
            {
                null => secret ? $"/run/secrets/{source.Text}" : $"/{source.Text}",
                ['/', ..] => target,
                _ => secret ? $"/run/secrets/{target}" : $"/{target}",
            };
            if (FileContent(definition, secret, mode) is { } digest)
            {
                Mount(new(MountKind.Content, digest, VolumeSyntax.Clean(path)!, true) { Content = digest }, position);
            }
        }
    }

    /// <summary>Digest of the export; null when there is a problem, already told.</summary>
    private string? FileContent(KeyReader definition, bool secret, int? mode)
    {
        if (definition.Scalar("content") is { } content)
        {
            if (content.IsFromHost)
            {
                context.Secrets.Add(null, content.Text);
            }

            return context.ExportText(content.Text, secret || content.IsFromHost, mode);
        }

        if (definition.Scalar("environment") is { } variable)
        {
            return FromVariable(variable);
        }

        if (definition.Scalar("file") is not { } file)
        {
            return null;
        }

        if (Input(file.Text) is not { } input)
        {
            Problems.Add(file.Position, definition.Where, $"`{Shown(file.Text)}` is not there: {Looked(file.Text)}", null, context.Outside);
            return null;
        }

        if (!input.IsFromHost)
        {
            return context.Export(LoadContext.InTree(file.Text), file.Position, definition.Where, secret, mode);
        }

        if (!IsText(input.Bytes))
        {
            Problems.Error(file.Position, definition.Where, $"`{input.Name}` is not text in UTF-8", "mount it as a volume by its absolute path");
            return null;
        }

        var text = Encoding.UTF8.GetString(input.Bytes);
        context.Secrets.Add(secret ? "SECRET" : null, text.Trim());

        return context.ExportText(text, secret: true, mode);

        string? FromVariable(YamlScalar name)
        {
            if (context.Variables.Find(name.Text) is { } value)
            {
                context.Secrets.Add(secret ? "SECRET" : name.Text, value.Text);
                return context.ExportText(value.Text, secret || value.IsFromHost, mode);
            }

            if (context.Outside == Severity.Error)
            {
                Problems.Error(name.Position, definition.Where, $"no env file of the host sets `{name.Text}`", "set it in a file named by --env-file");
                return null;
            }

            return context.ExportText($"${{{name.Text}}}", true, mode);
        }
    }

    private static bool IsText(byte[] bytes)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
