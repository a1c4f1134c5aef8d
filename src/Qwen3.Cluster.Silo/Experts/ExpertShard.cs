using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>The experts of one shard, loaded: a compute thread, its back-end, and the weights of these experts alone.</summary>
internal sealed class ExpertShard : IAsyncDisposable
{
    private readonly ComputeThread _thread;
    private readonly IBackend _backend;
    private readonly LocalExpertPool _pool;

    private ExpertShard(ComputeThread thread, IBackend backend, LocalExpertPool pool, ExpertShardStatus status)
    {
        _thread = thread;
        _backend = backend;
        _pool = pool;
        Status = status;
    }

    /// <summary>What it holds.</summary>
    public ExpertShardStatus Status { get; }

    /// <summary>Reads the weights of some experts, on the shard's own thread.</summary>
    /// <param name="key">Names the shard.</param>
    /// <param name="files">The model.</param>
    /// <param name="experts">The experts to hold, in every layer that has them.</param>
    /// <param name="backends">Makes what computes.</param>
    public static async Task<ExpertShard> Load(ModelGrainKey key, ModelFiles files, IReadOnlyList<int> experts, IBackendFactory backends)
    {
        var thread = new ComputeThread($"experts {key}");
        IBackend? backend = null;
        try
        {
            return await thread.Run(() =>
            {
                backend = backends.Create(threads: 1);
                var pool = new LocalExpertPool(backend, files.Checkpoint, files.Layout, experts);
                var status = new ExpertShardStatus { ExpertCount = experts.Count, Bytes = pool.ByteCount };
                return new ExpertShard(thread, backend, pool, status);
            });
        }
        catch
        {
            await thread.DisposeAsync();
            backend?.Dispose();
            throw;
        }
    }

    /// <summary>Computes a batch when its turn comes.</summary>
    public Task<ExpertOutputs> Compute(ExpertBatch batch) => _thread.Run(() => ComputeNow(batch));

    /// <summary>Frees the weights after the batch at hand.</summary>
    public async ValueTask DisposeAsync()
    {
        await _thread.DisposeAsync();
        _pool.Dispose();
        _backend.Dispose();
    }

    private ExpertOutputs ComputeNow(ExpertBatch batch)
    {
        int hiddenSize = _pool.Layout.HiddenSize;
        if (batch.HiddenSize != hiddenSize)
        {
            throw new ArgumentException(
                $"The batch has rows of {batch.HiddenSize}, but this model has rows of {hiddenSize}: router and shard have different checkpoints.");
        }

        // A caller in this process lends the room; for one in another process it is made here.
        Memory<float> outputs = batch.ReplyBuffer.IsEmpty ? new float[batch.Rows.Length * hiddenSize] : batch.ReplyBuffer;
        _pool.Compute(batch.Layer, batch.Inputs.Span, batch.Rows.Span, batch.ExpertIds.Span, outputs.Span);
        return new ExpertOutputs { Outputs = outputs };
    }
}
