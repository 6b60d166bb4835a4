using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Who we are at a registry; never shown, its text says nothing.</summary>
internal sealed record RegistryLogin(string Registry, string User, string Password, string IdentityToken)
{
    public override string ToString() => $"login at {Registry}";
}

/// <summary>Docker's own <c>config.json</c>: logins written there, and the credential helpers that it names.</summary>
internal sealed class RegistryCredentials(string? folder)
{
    private const string HubKey = "https://index.docker.io/v1/";
    private static readonly TimeSpan HelperDeadline = TimeSpan.FromSeconds(30);

    private readonly string path = Path.Combine(folder ?? DefaultFolder(), "config.json");

    /// <summary>Null when nothing is known of the registry: it is asked without a login.</summary>
    public async Task<RegistryLogin?> FindAsync(string registry, CancellationToken cancellationToken)
    {
        using var config = Read();
        return config is null ? null : await FindAsync(config.RootElement, registry, cancellationToken);
    }

    /// <summary>Every login that the file itself names, for a build, whose base images may come from anywhere.</summary>
    public async Task<IReadOnlyList<RegistryLogin>> AllAsync(CancellationToken cancellationToken)
    {
        using var config = Read();
        var logins = new List<RegistryLogin>();
        if (config is not null)
        {
            var named = config.RootElement.At("auths").Members().Concat(config.RootElement.At("credHelpers").Members());
            foreach (var registry in named.Select(entry => HostOf(entry.Name)).Distinct(StringComparer.Ordinal))
            {
                if (await FindAsync(config.RootElement, registry, cancellationToken) is { } login)
                {
                    logins.Add(login);
                }
            }
        }

        return logins;
    }

    /// <summary>As the engine wants it in a header.</summary>
    public static string ToHeader(RegistryLogin? login) => Encode(writer => Write(writer, login));

    /// <summary>As the engine wants several of them for a build.</summary>
    public static string ToHeader(IEnumerable<RegistryLogin> logins) => Encode(writer =>
    {
        writer.WriteStartObject();
        foreach (var login in logins)
        {
            writer.WritePropertyName(KeyOf(login.Registry));
            Write(writer, login);
        }

        writer.WriteEndObject();
    });

    private static async Task<RegistryLogin?> FindAsync(JsonElement config, string registry, CancellationToken cancellationToken)
    {
        var helper = config.At("credHelpers").Members().Where(entry => HostOf(entry.Name) == registry).Select(entry => entry.Value.GetString()).FirstOrDefault();
        helper ??= config.At("credsStore").Text() is { Length: > 0 } store ? store : null;
        if (helper is not null)
        {
            return await AskHelperAsync(helper, registry, cancellationToken);
        }

        var entry = config.At("auths").Members().Where(entry => HostOf(entry.Name) == registry).Select(entry => (JsonElement?)entry.Value).FirstOrDefault();
        return entry is null ? null : FromFile(entry, registry);
    }

    private static RegistryLogin? FromFile(JsonElement? entry, string registry)
    {
        var token = entry.At("identitytoken").Text();
        var (user, password) = (entry.At("username").Text(), entry.At("password").Text());
        if (entry.At("auth").Text() is { Length: > 0 } encoded)
        {
            var decoded = new byte[encoded.Length];
            if (!Convert.TryFromBase64String(encoded, decoded, out var length))
            {
                throw new ContainerHostException(HostFailure.Invalid, $"the login for {registry} in Docker's config.json is not base64");
            }

            var pair = Encoding.UTF8.GetString(decoded, 0, length).TrimEnd('\0');
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            (user, password) = colon < 0 ? (pair, "") : (pair[..colon], pair[(colon + 1)..]);
        }

        return user.Length + token.Length == 0 ? null : new(registry, user, password, token);
    }

    private static async Task<RegistryLogin?> AskHelperAsync(string helper, string registry, CancellationToken cancellationToken)
    {
        if (helper.Any(character => !char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '.')))
        {
            throw new ContainerHostException(HostFailure.Invalid, $"Docker's config.json names a credential helper '{helper}', which is no name of a program");
        }

        var program = $"docker-credential-{helper}";
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(HelperDeadline);
        try
        {
            var (code, output) = await RunAsync(program, KeyOf(registry), deadline.Token);
            if (code != 0)
            {
                // The helpers' one agreed sentence, said on standard output, for a registry that they do not know.
                return output.Contains("credentials not found", StringComparison.OrdinalIgnoreCase)
                    ? null
                    : throw new ContainerHostException(HostFailure.Unauthorized, $"{program} ended with {code} when it was asked for {registry}");
            }

            using var json = JsonDocument.Parse(output);
            var user = json.RootElement.At("Username").Text();
            var secret = json.RootElement.At("Secret").Text();
            return user == "<token>" ? new(registry, "", "", secret) : new(registry, user, secret, "");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ContainerHostException(HostFailure.TimedOut, $"{program} did not answer within {HelperDeadline.TotalSeconds:0} s");
        }
        catch (Win32Exception exception)
        {
            throw new ContainerHostException(HostFailure.Unauthorized, $"{program}, which Docker's config.json names, cannot be run: {exception.Message}", exception);
        }
        catch (JsonException)
        {
            // Neither the answer nor the parser's words, which may quote it.
            throw new ContainerHostException(HostFailure.Unauthorized, $"{program} answered something that is no JSON");
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("get");
        using var process = new Process { StartInfo = start };
        process.Start();
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading; its exit code tells.
            }

            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await errors;
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, output);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private JsonDocument? Read()
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            throw new ContainerHostException(HostFailure.Invalid, $"{path} is no JSON");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ContainerHostException(HostFailure.Invalid, $"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private static string DefaultFolder() =>
        Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");

    /// <summary>The host of a key of the file, which may be written as an address.</summary>
    private static string HostOf(string key)
    {
        var rest = key.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? key[(scheme + 3)..] : key;
        var host = rest.Split('/')[0];
        return host is "index.docker.io" or "registry-1.docker.io" ? ImageReference.Hub : host;
    }

    private static string KeyOf(string registry) => registry == ImageReference.Hub ? HubKey : registry;

    private static void Write(Utf8JsonWriter writer, RegistryLogin? login)
    {
        writer.WriteStartObject();
        if (login is { IdentityToken.Length: > 0 })
        {
            writer.WriteString("identitytoken", login.IdentityToken);
        }
        else if (login is not null)
        {
            writer.WriteString("username", login.User);
            writer.WriteString("password", login.Password);
        }

        if (login is not null)
        {
            writer.WriteString("serveraddress", KeyOf(login.Registry));
        }

        writer.WriteEndObject();
    }

    private static string Encode(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        // Base64 for addresses, but with its padding: that is what engines read.
        return Convert.ToBase64String(buffer.ToArray()).Replace('+', '-').Replace('/', '_');
    }
}
