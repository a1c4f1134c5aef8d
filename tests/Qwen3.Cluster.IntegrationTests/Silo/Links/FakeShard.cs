using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

/// <summary>A shard whose expert e makes x · (e + 1) + layer of x, rounded, on a thread of its own.</summary>
internal sealed class FakeShard(int hiddenSize, ActivationPrecision precision) : IShardExecutor, IShardComputation, IAsyncDisposable
{
    private readonly ComputeThread _thread = new("fake shard");
    private int _posted;

    public int HiddenSize => hiddenSize;

    /// <summary>Closed: the shard waits before it computes.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>What it throws instead of an output.</summary>
    public Exception? Failure { get; set; }

    public int Posted => Volatile.Read(ref _posted);

    public void Start(ShardWork work)
    {
        Interlocked.Increment(ref _posted);
        work.Computation = this;
        _thread.Post(work);
    }

    public void Compute(ShardWork work)
    {
        Gate.Wait();
        if (Failure is not null)
        {
            throw Failure;
        }

        ReadOnlySpan<float> inputs = work.Inputs.Span;
        for (int i = 0; i < work.Rows.Length; i++)
        {
            Compute(inputs.Slice(work.Rows.Span[i] * hiddenSize, hiddenSize), work.ExpertIds.Span[i], work.Layer, work.Outputs.Span.Slice(i * hiddenSize, hiddenSize));
        }
    }

    /// <summary>One output.</summary>
    public void Compute(ReadOnlySpan<float> input, int expert, int layer, Span<float> output)
    {
        for (int i = 0; i < input.Length; i++)
        {
            output[i] = input[i] * (expert + 1) + layer;
        }

        precision.Round(output);
    }

    public async ValueTask DisposeAsync()
    {
        Gate.Set();
        await _thread.DisposeAsync();
    }
}
