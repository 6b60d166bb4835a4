using System.Text;
using System.Text.Json;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class RegistryCredentialsSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Without_a_file_nobody_is_known()
    {
        Assert.Null(await new RegistryCredentials(folder).FindAsync("ghcr.io", Cancel));
        Assert.Equal("{}", Decode(RegistryCredentials.ToHeader((RegistryLogin?)null)));
    }

    [Theory]
    [InlineData("ghcr.io", "ghcr.io")]
    [InlineData("https://ghcr.io", "ghcr.io")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("127.0.0.1:5000", "127.0.0.1:5000")]
    public async Task A_login_in_the_file_is_found_however_its_registry_is_written(string key, string registry)
    {
        WriteLogin(key, "ann:pa:ss");

        var login = await new RegistryCredentials(folder).FindAsync(registry, Cancel);

        Assert.Equal(("ann", "pa:ss"), (login!.User, login.Password));
        Assert.Null(await new RegistryCredentials(folder).FindAsync("elsewhere.org", Cancel));
    }

    [Fact]
    public async Task A_login_is_told_to_the_engine_and_to_nobody_else()
    {
        WriteLogin("ghcr.io", "ann:secret");

        var login = await new RegistryCredentials(folder).FindAsync("ghcr.io", Cancel);

        Assert.Equal("""{"username":"ann","password":"secret","serveraddress":"ghcr.io"}""", Decode(RegistryCredentials.ToHeader(login)));
        Assert.DoesNotContain("secret", $"{login}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_token_is_told_instead_of_a_password()
    {
        WriteLogin("ghcr.io", "ann:", "tok");

        Assert.Equal("""{"identitytoken":"tok","serveraddress":"ghcr.io"}""", Decode(RegistryCredentials.ToHeader(await new RegistryCredentials(folder).FindAsync("ghcr.io", Cancel))));
    }

    [Fact]
    public async Task A_helper_is_asked_and_the_one_of_the_registry_before_the_store()
    {
        Helper("homeiq-one", """read -r s; echo "{\"ServerURL\":\"$s\",\"Username\":\"one\",\"Secret\":\"for $s\"}" """);
        Helper("homeiq-all", """read -r s; echo "{\"Username\":\"<token>\",\"Secret\":\"for $s\"}" """);
        Write("""{"credsStore":"homeiq-all","credHelpers":{"ghcr.io":"homeiq-one"},"auths":{"ghcr.io":{}}}""");
        using var path = new PathWith(folder);

        var one = await new RegistryCredentials(folder).FindAsync("ghcr.io", Cancel);
        var all = await new RegistryCredentials(folder).FindAsync("docker.io", Cancel);

        Assert.Equal(("one", "for ghcr.io", ""), (one!.User, one.Password, one.IdentityToken));
        Assert.Equal(("", "for https://index.docker.io/v1/"), (all!.User, all.IdentityToken));
        Assert.Equal(["ghcr.io"], (await new RegistryCredentials(folder).AllAsync(Cancel)).Select(login => login.Registry));
    }

    [Fact]
    public async Task A_helper_that_knows_nobody_is_no_error_and_one_that_fails_is()
    {
        Helper("homeiq-none", "echo 'credentials not found in native keychain'; exit 1");
        Helper("homeiq-bad", "echo secret-words; exit 3");
        Helper("homeiq-odd", "echo secret-words");
        Write("""{"credHelpers":{"a.org":"homeiq-none","b.org":"homeiq-bad","c.org":"homeiq-absent","d.org":"../sh","e.org":"homeiq-odd"}}""");
        using var path = new PathWith(folder);
        var credentials = new RegistryCredentials(folder);

        Assert.Null(await credentials.FindAsync("a.org", Cancel));
        foreach (var (registry, failure) in new[]
                 {
                     ("b.org", HostFailure.Unauthorized), ("c.org", HostFailure.Unauthorized), ("d.org", HostFailure.Invalid), ("e.org", HostFailure.Unauthorized),
                 })
        {
            var exception = await Assert.ThrowsAsync<ContainerHostException>(() => credentials.FindAsync(registry, Cancel));
            Assert.Equal(failure, exception.Failure);
            Assert.DoesNotContain("secret-words", exception.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{ no json")]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"***"}}}""")]
    public async Task A_broken_file_is_the_users_mistake(string text)
    {
        Write(text);

        var exception = await Assert.ThrowsAsync<ContainerHostException>(() => new RegistryCredentials(folder).FindAsync("ghcr.io", Cancel));

        Assert.Equal(HostFailure.Invalid, exception.Failure);
    }

    private static string Decode(string header) => JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/')))).RootElement.GetRawText();

    private void Write(string json) => File.WriteAllText(Path.Combine(folder, "config.json"), json);

    private void WriteLogin(string key, string pair, string token = "") =>
        Write($$"""{ "auths": { "{{key}}": { "auth": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}}", "identitytoken": "{{token}}" } } }""");

    private void Helper(string name, string script)
    {
        var path = Path.Combine(folder, $"docker-credential-{name}");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>The search path with one folder more, for as long as it lives.</summary>
    private sealed class PathWith : IDisposable
    {
        private readonly string? before = Environment.GetEnvironmentVariable("PATH");

        public PathWith(string folder) => Environment.SetEnvironmentVariable("PATH", $"{folder}:{before}");

        public void Dispose() => Environment.SetEnvironmentVariable("PATH", before);
    }
}
