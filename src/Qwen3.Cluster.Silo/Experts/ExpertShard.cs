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
    private readonly ExpertLayout _layout;
    private ExpertChoice[] _choices = []; // touched on the thread alone

    private ExpertShard(ComputeThread thread, IBackend backend, LocalExpertPool pool, ExpertLayout layout, ExpertShardStatus status)
    {
        _thread = thread;
        _backend = backend;
        _pool = pool;
        _layout = layout;
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
                return new ExpertShard(thread, backend, pool, files.Layout, status);
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
        Check(batch);
        int count = batch.Rows.Length;
        if (_choices.Length < count)
        {
            _choices = new ExpertChoice[Math.Max(count, 2 * _choices.Length)];
        }

        ReadOnlySpan<int> rows = batch.Rows.Span;
        ReadOnlySpan<int> experts = batch.ExpertIds.Span;
        for (int i = 0; i < count; i++)
        {
            _choices[i] = new ExpertChoice(experts[i], rows[i], i);
        }

        // A caller in this process lends the room; for one in another process it is made here.
        Memory<float> outputs = batch.ReplyBuffer.IsEmpty ? new float[count * batch.HiddenSize] : batch.ReplyBuffer;
        _pool.Compute(batch.Layer, batch.Inputs.Span, _choices.AsSpan(0, count), outputs.Span);
        return new ExpertOutputs { Outputs = outputs };
    }

    // The pool checks the choices themselves.
    private void Check(ExpertBatch batch)
    {
        if ((uint)batch.Layer >= (uint)_layout.LayerCount || batch.HiddenSize != _layout.HiddenSize)
        {
            throw new ArgumentException(
                $"The batch is of layer {batch.Layer} and rows of {batch.HiddenSize}, but this model has {_layout.LayerCount} layers and rows of {_layout.HiddenSize}: the two sides have different checkpoints.");
        }

        if (batch.ExpertIds.Length != batch.Rows.Length)
        {
            throw new ArgumentException($"The batch has {batch.Rows.Length} rows and {batch.ExpertIds.Length} experts; it must have as many of each.");
        }
    }
}
