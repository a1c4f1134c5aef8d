namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Tells the grains of a node how far its drain is.</summary>
internal sealed class DrainState : IDisposable
{
    private readonly CancellationTokenSource _over = new();

    /// <summary>Cancelled when the node has drained, or the time for it is over: what still runs has to end now.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Cancels <see cref="Over"/>.</summary>
    public void End() => _over.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();
}
