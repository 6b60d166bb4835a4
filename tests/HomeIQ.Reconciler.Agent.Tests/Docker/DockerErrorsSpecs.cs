using System.Net;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

public sealed class DockerErrorsSpecs
{
    [Theory]
    [InlineData(404, "No such container: x", HostFailure.NotFound)]
    [InlineData(404, "network 60e0eba706b345d1d5945e490037e98a1451fe31451fa12668d736ec0c2bb240 not found", HostFailure.Conflict)]
    [InlineData(404, "network gone not found", HostFailure.NotFound)]
    [InlineData(409, "Conflict. The container name \"/a\" is already in use", HostFailure.Conflict)]
    [InlineData(403, "error while removing network: network n1 id ef3f has active endpoints", HostFailure.Conflict)]
    [InlineData(400, "Invalid container name (-x)", HostFailure.Invalid)]
    [InlineData(500, "driver failed programming external connectivity on endpoint p2: Bind for 127.0.0.1:9000 failed: port is already allocated", HostFailure.PortTaken)]
    [InlineData(500, "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use", HostFailure.PortTaken)]
    [InlineData(500, "failed to set up container networking: driver failed programming external connectivity: failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: address already in use", HostFailure.PortTaken)]
    [InlineData(500, "Address already in use", HostFailure.Conflict)]
    [InlineData(500, "unable to find user nobody-here: no matching entries in passwd file", HostFailure.Invalid)]
    [InlineData(500, "something broke", HostFailure.Engine)]
    public void Answers_become_our_kinds_of_failure(int status, string message, HostFailure expected)
    {
        var exception = DockerErrors.FromAnswer((HttpStatusCode)status, $$"""{"message":"{{message.Replace("\"", "\\\"", StringComparison.Ordinal)}}"}""");

        Assert.Equal(expected, exception.Failure);
        Assert.Equal(message, exception.Message);
    }

    [Theory]
    [InlineData(null, "toomanyrequests: You have reached your pull rate limit.", HostFailure.Throttled)]
    [InlineData(500, "error parsing HTTP 429 response body: Too Many Requests", HostFailure.Throttled)]
    [InlineData(404, "manifest for app:9 not found: manifest unknown: manifest unknown", HostFailure.NotFound)]
    [InlineData(404, "pull access denied for x, repository does not exist or may require 'docker login'", HostFailure.Unauthorized)]
    [InlineData(500, "Head http://127.0.0.1:5000/v2/app/manifests/1: no basic auth credentials", HostFailure.Unauthorized)]
    [InlineData(500, "Get https://registry.lan/v2/: dial tcp: lookup registry.lan: no such host", HostFailure.RegistryFailed)]
    [InlineData(500, "Get http://127.0.0.1:5000/v2/: dial tcp 127.0.0.1:5000: connect: connection refused", HostFailure.RegistryFailed)]
    [InlineData(null, "unexpected EOF", HostFailure.RegistryFailed)]
    [InlineData(400, "invalid tag format", HostFailure.Invalid)]
    public void What_a_registry_says_becomes_our_kinds_of_failure(int? status, string message, HostFailure expected) =>
        Assert.Equal(expected, DockerErrors.FromPull((HttpStatusCode?)status, message).Failure);

    [Theory]
    [InlineData("The command '/bin/sh -c make' returned a non-zero code: 2", HostFailure.Invalid)]
    [InlineData("Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io: no such host", HostFailure.RegistryFailed)]
    [InlineData("toomanyrequests: You have reached your pull rate limit", HostFailure.Throttled)]
    [InlineData("write /layer.tar: no space left on device", HostFailure.Engine)]
    public void A_build_that_cannot_reach_its_base_image_is_no_bad_build(string error, HostFailure expected)
    {
        var exception = DockerErrors.FromBuild(error, $"Step 1\n{error}");

        Assert.Equal((expected, $"Step 1\n{error}"), (exception.Failure, exception.Message));
    }

    [Theory]
    [InlineData("""{"message":"said"}""", "said")]
    [InlineData("plain words\n", "plain words")]
    [InlineData("[1]", "[1]")]
    [InlineData("", "the engine answered 500")]
    public void An_answer_in_any_form_gives_its_words(string body, string words) =>
        Assert.Equal(words, DockerErrors.FromAnswer(HttpStatusCode.InternalServerError, body).Message);
}
