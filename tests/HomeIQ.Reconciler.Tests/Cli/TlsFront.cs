using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HomeIQ.Reconciler.Cli;

/// <summary>TLS on loopback in front of a server that speaks plainly, with a certificate of an authority that nobody else knows.</summary>
internal sealed class TlsFront : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 certificate;
    private readonly int behind;

    public TlsFront(int behind)
    {
        this.behind = behind;
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var asked = new CertificateRequest("CN=Authority of a test", authorityKey, HashAlgorithmName.SHA256);
        asked.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var authority = asked.CreateSelfSigned(from, until);
        Authority = authority.ExportCertificatePem();

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var leaf = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        leaf.CertificateExtensions.Add(names.Build());
        using var signed = leaf.Create(authority, from, until, [1, 2, 3, 4]);
        certificate = signed.CopyWithPrivateKey(key);

        listener.Start();
        _ = ServeAsync();
    }

    /// <summary>The authority's certificate, as PEM.</summary>
    public string Authority { get; }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose()
    {
        listener.Stop();
        certificate.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                _ = AnswerAsync(await listener.AcceptTcpClientAsync());
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        using (var plain = new TcpClient())
        {
            try
            {
                await using var secure = new SslStream(client.GetStream());
                await secure.AuthenticateAsServerAsync(certificate);
                await plain.ConnectAsync(IPAddress.Loopback, behind);
                await Task.WhenAny(secure.CopyToAsync(plain.GetStream()), plain.GetStream().CopyToAsync(secure));
            }
            catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException or SocketException)
            {
                // Who does not trust the certificate hangs up.
            }
        }
    }
}
