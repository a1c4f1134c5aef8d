using Qwen3.Cluster.Contracts.Hosting;

namespace Qwen3.Cluster.Gateway.Draining;

/// <summary>The calls of <see cref="TextGenerationService"/> that are under way.</summary>
internal sealed class OpenCalls(TimeProvider time) : OpenWork("gRPC calls"), IDisposable
{
    // Grains that go tell each reader why its stream ends. Who does not read never hears it, and would hold up the server's end.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _cutOff = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>Cancelled when calls that outlived the drain have to be torn off.</summary>
    public CancellationToken CutOff => _cutOff.Token;

    /// <inheritdoc/>
    public override async Task DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            await base.DrainAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _cutOff.CancelAfter(LastWords);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cutOff.Dispose();
}
