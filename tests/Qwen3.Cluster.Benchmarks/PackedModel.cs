using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>Qwen3-30B-A3B cut to some layers with random packed weights in memory: nothing is written and nothing quantised. Each tensor has bytes of its own.</summary>
internal sealed unsafe class PackedModel : IDisposable
{
    private readonly List<AlignedBuffer> _memory = [];
    private readonly Random _random = new(1);
    private readonly TensorType _type;
    private readonly byte[] _superblocks;
    private readonly SimdBackend _backend;
    private readonly LocalExpertPool _pool;

    /// <summary>Makes it.</summary>
    /// <param name="type">Q4 or Q8: of all matrices but the routers'.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="sequences">For which there is room in the cache.</param>
    public PackedModel(TensorType type, int layers, int threads, int sequences)
    {
        _type = type;
        int size = PackedLayout.SuperblockBytes(type);
        _superblocks = new byte[size * 4096];
        _random.NextBytes(_superblocks);
        if (type == TensorType.Q4)
        {
            // Without the least number the mean is zero. Else all tokens would soon look alike, and choose the same experts.
            for (int i = 0; i < _superblocks.Length; i++)
            {
                _superblocks[i] |= (byte)(((_superblocks[i] & 0x0F) == 0 ? 0x08 : 0) | ((_superblocks[i] & 0xF0) == 0 ? 0x80 : 0));
            }
        }

        for (int i = 0; i < _superblocks.Length; i += size)
        {
            // Small enough that sums of them stay numbers.
            MemoryMarshal.Cast<byte, Half>(_superblocks.AsSpan(i, PackedLayout.ScaleBytes)).Fill((Half)(type == TensorType.Q4 ? 0.004f : 0.0003f));
        }

        ModelConfig config = RandomModel.ConfigOf(layers);
        _backend = new SimdBackend(threads);
        _pool = new LocalExpertPool(_backend, ExpertLayout.For(config));
        Counted = new CountingPool(_pool);
        int hidden = config.HiddenSize, width = config.MoeIntermediateSize;
        for (int layer = 0; layer < layers; layer++)
        {
            for (int expert = 0; expert < config.ExpertCount; expert++)
            {
                _pool.Add(layer, expert, new ExpertWeights(Packed(width, hidden), Packed(width, hidden), Packed(hidden, width)));
            }
        }

        int queries = config.HeadCount * config.HeadDim, keys = config.KeyValueHeadCount * config.HeadDim;
        LayerWeights[] weights = [.. Enumerable.Range(0, layers).Select(_ => new LayerWeights(
            Ones(hidden),
            new AttentionWeights(
                Packed(queries, hidden), Packed(keys, hidden), Packed(keys, hidden), Packed(hidden, queries), Ones(config.HeadDim), Ones(config.HeadDim)),
            Ones(hidden),
            Plain(config.ExpertCount, hidden)))];
        Weight head = Packed(config.VocabularySize, hidden);
        TrunkBytes = head.ByteCount + weights.Sum(layer =>
            layer.Attention.Query.ByteCount + layer.Attention.Key.ByteCount + layer.Attention.Value.ByteCount + layer.Attention.Output.ByteCount + layer.Gate!.ByteCount);
        ExpertBytes = _pool.ByteCount / layers / config.ExpertCount;
        Model = Qwen3Model.Of(
            config,
            new TrunkWeights(Packed(config.VocabularySize, hidden), weights, Ones(hidden), head),
            _backend,
            Counted,
            Decoding.CacheFor(sequences),
            new OverlapChoice());
    }

    /// <summary>The model.</summary>
    public Qwen3Model Model { get; }

    /// <summary>Its experts.</summary>
    public CountingPool Counted { get; }

    /// <summary>Bytes of the trunk that a step reads.</summary>
    public long TrunkBytes { get; }

    /// <summary>Bytes of one expert.</summary>
    public long ExpertBytes { get; }

    public void Dispose()
    {
        Model.Dispose();
        _pool.Dispose();
        _backend.Dispose();
        foreach (AlignedBuffer buffer in _memory)
        {
            buffer.Dispose();
        }
    }

    private Weight Packed(int rows, int columns)
    {
        long length = PackedLayout.ByteCount(_type, rows, columns);
        AlignedBuffer buffer = new(length / sizeof(float));
        _memory.Add(buffer);
        int size = PackedLayout.SuperblockBytes(_type);
        long done = 0;
        while (done < length)
        {
            int first = _random.Next(_superblocks.Length / size) * size;
            int count = (int)Math.Min(_superblocks.Length - first, length - done);
            _superblocks.AsSpan(first, count).CopyTo(new Span<byte>((byte*)buffer.Data + done, count));
            done += count;
        }

        return _backend.LoadWeight(new TensorView("w", (byte*)buffer.Data, _type, [rows, columns], columns, buffer, scales: null));
    }

    private Weight Plain(int rows, int columns) => _backend.LoadWeight(TensorView.FromFloats(
        "g", [.. Enumerable.Range(0, rows * columns).Select(_ => (_random.NextSingle() - 0.5f) * 0.1f)], rows, columns));

    private Weight Ones(int length) => _backend.LoadWeight(TensorView.FromFloats("n", [.. Enumerable.Repeat(1f, length)], length));
}
