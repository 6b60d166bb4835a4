using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

public sealed class ImageReferenceSpecs
{
    [Theory]
    [InlineData("influxdb", "docker.io", "influxdb", "latest")]
    [InlineData("influxdb:2.7.12", "docker.io", "influxdb", "2.7.12")]
    [InlineData("library/influxdb:2", "docker.io", "library/influxdb", "2")]
    [InlineData("localhost/app:1", "localhost", "localhost/app", "1")]
    [InlineData("127.0.0.1:5000/team/app:1", "127.0.0.1:5000", "127.0.0.1:5000/team/app", "1")]
    [InlineData("127.0.0.1:5000/team/app", "127.0.0.1:5000", "127.0.0.1:5000/team/app", "latest")]
    [InlineData("ghcr.io/a/b:1@sha256:abc", "ghcr.io", "ghcr.io/a/b", "sha256:abc")]
    public void A_reference_has_a_registry_a_repository_and_a_version(string reference, string registry, string repository, string version)
    {
        var parsed = ImageReference.Parse(reference);

        Assert.Equal((registry, repository, version), (parsed.Registry, parsed.Repository, parsed.TagOrDigest));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("app?x=1")]
    [InlineData("app%2f..")]
    public void What_is_no_reference_is_refused(string reference) =>
        Assert.Equal(HostFailure.Invalid, Assert.Throws<ContainerHostException>(() => ImageReference.Parse(reference)).Failure);

    [Theory]
    [InlineData("cafe", "cafe:latest")]
    [InlineData("caffeine", "caffeine")]
    [InlineData("cafe:1", "cafe:1")]
    public void A_name_that_looks_like_an_id_is_said_so_that_it_cannot_be_taken_for_one(string reference, string said) =>
        Assert.Equal(said, ImageReference.Unmistakable(reference));
}
