namespace HomeIQ.Reconciler.Docker;

/// <summary>A stream that is lent for reading, with some bytes put before its own: whoever gets it cannot close it.</summary>
internal sealed class LentStream(ReadOnlyMemory<byte> before, Stream inner) : Stream
{
    private ReadOnlyMemory<byte> before = before;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) => before.Length > 0 ? TakeBefore(buffer) : inner.Read(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        before.Length > 0 ? ValueTask.FromResult(TakeBefore(buffer.Span)) : inner.ReadAsync(buffer, cancellationToken);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int TakeBefore(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, before.Length);
        before.Span[..count].CopyTo(buffer);
        before = before[count..];
        return count;
    }
}
