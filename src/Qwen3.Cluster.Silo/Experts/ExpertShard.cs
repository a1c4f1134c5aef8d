using System.Security.Cryptography;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>The experts of one shard, loaded: the weights of these alone, and the device that computes with them.</summary>
internal sealed class ExpertShard : IShardExecutor, IShardComputation, IAsyncDisposable
{
    private readonly ExpertDevice _device;
    private readonly ModelFiles _files;
    private readonly LocalExpertPool _pool; // touched on the device's thread alone
    private readonly SemaphoreSlim _changes = new(1);
    private HashSet<LayerExpert> _held = [];
    private long _byteCount;
    private long _choices;

    private ExpertShard(ModelGrainKey key, ModelFiles files, ExpertDevice device)
    {
        Key = key;
        _files = files;
        _device = device;
        _pool = new LocalExpertPool(device.Backend, files.Layout);
        Epoch = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    }

    /// <summary>Names the shard.</summary>
    public ModelGrainKey Key { get; }

    /// <summary>Names this loading of the shard: no other one, here or elsewhere, before or after, has the same.</summary>
    public ulong Epoch { get; }

    /// <summary>Of the model's files and settings here.</summary>
    public ulong Fingerprint => _files.Fingerprint;

    /// <inheritdoc/>
    public int HiddenSize => _files.Layout.HiddenSize;

    /// <summary>The name of the device that it is on.</summary>
    public string Device => _device.Name;

    /// <summary>Experts that it holds, over all layers.</summary>
    public int ExpertCount => _held.Count;

    /// <summary>Bytes of their weights.</summary>
    public long ByteCount => Volatile.Read(ref _byteCount);

    /// <summary>Choices that it has computed: a token that asks two of its experts counts twice.</summary>
    public long ChoiceCount => Volatile.Read(ref _choices);

    /// <summary>Reads the weights of some experts.</summary>
    /// <param name="key">Names the shard.</param>
    /// <param name="files">The model.</param>
    /// <param name="experts">What it is to hold.</param>
    /// <param name="device">Computes.</param>
    public static async Task<ExpertShard> Load(ModelGrainKey key, ModelFiles files, IReadOnlyCollection<LayerExpert> experts, ExpertDevice device)
    {
        var shard = new ExpertShard(key, files, device);
        try
        {
            await shard.Hold(experts);
            return shard;
        }
        catch
        {
            await shard.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Loads what is asked for and not there, then drops what is there and not asked for. It computes meanwhile: weights are read on
    /// another thread, and the device's own only takes them in.
    /// </summary>
    /// <exception cref="Model.Checkpoints.CheckpointException">Weights cannot be read; what it held before it still holds.</exception>
    public async Task Hold(IReadOnlyCollection<LayerExpert> experts)
    {
        await _changes.WaitAsync();
        try
        {
            HashSet<LayerExpert> wanted = [.. experts];
            foreach (LayerExpert id in wanted.Except(_held).OrderBy(id => id.Layer).ThenBy(id => id.Expert).ToArray())
            {
                await Add(id);
            }

            LayerExpert[] dropped = [.. _held.Except(wanted)];
            await _device.Thread.Run(() =>
            {
                foreach (LayerExpert id in dropped)
                {
                    _pool.Remove(id.Layer, id.Expert);
                }

                _held = wanted;
                Volatile.Write(ref _byteCount, _pool.ByteCount);
            });
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <inheritdoc/>
    public void Start(ShardWork work)
    {
        work.Computation = this;
        _device.Thread.RunOrPost(work);
    }

    /// <summary>Computes a batch that came by a grain call, when its turn comes.</summary>
    public Task<ExpertOutputs> Compute(ExpertBatch batch)
    {
        if (batch.HiddenSize != HiddenSize)
        {
            throw new ArgumentException(
                $"The batch has rows of {batch.HiddenSize}, but this model has rows of {HiddenSize}: router and shard have different checkpoints.");
        }

        var work = new BatchWork(batch) { Computation = this };
        _device.Thread.Post(work);
        return work.Task;
    }

    /// <inheritdoc/>
    public void Compute(ShardWork work)
    {
        _pool.Compute(work.Layer, work.Inputs.Span, work.Rows.Span, work.ExpertIds.Span, work.Outputs.Span, work.Slots.Span);
        _choices += work.Rows.Length;
    }

    /// <summary>Frees the weights after the work at hand.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changes.WaitAsync();
        try
        {
            await _device.Thread.Run(_pool.Dispose);
        }
        catch (ObjectDisposedException)
        {
            // The device went first: nothing computes any more.
            _pool.Dispose();
        }
        finally
        {
            _changes.Release();
        }
    }

    private async Task Add(LayerExpert id)
    {
        ExpertWeights weights = await Task.Run(() => _files.Layout.Load(_files.Checkpoint, _device.Backend, id.Layer, id.Expert));
        await _device.Thread.Run(() =>
        {
            _pool.Add(id.Layer, id.Expert, weights);
            _held.Add(id);
        });
    }

    // Grain calls are the way of those who have no link: what they cost is not counted in allocations.
    private sealed class BatchWork : ShardWork
    {
        private readonly TaskCompletionSource<ExpertOutputs> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ExpertBatch _batch;
        private readonly TensorBuffer<float> _outputs;

        public BatchWork(ExpertBatch batch)
        {
            _batch = batch;
            _outputs = TensorBuffer<float>.Rent(batch.Rows.Memory.Length * batch.HiddenSize);
            Layer = batch.Layer;
            Inputs = batch.Inputs.Memory;
            Rows = batch.Rows.Memory;
            ExpertIds = batch.ExpertIds.Memory;
            Outputs = _outputs.Memory;
        }

        public Task<ExpertOutputs> Task => _done.Task;

        public override void Complete(Exception? error)
        {
            _batch.Dispose();
            if (error is null)
            {
                _done.SetResult(new ExpertOutputs { Outputs = _outputs });
            }
            else
            {
                _outputs.Dispose();
                _done.SetException(error);
            }
        }
    }
}
