namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>
/// For each expert of each layer the shards that hold it: one, or several where it is replicated. Never changes. Routers read it for every
/// choice of every token, so it lies flat: two starts looked up, one span given out, nothing allocated.
/// </summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertPlacement")]
public sealed class ExpertPlacement
{
    [Id(0)]
    private readonly int _shardCount;

    // [layers + 1]: expert e of layer l is the (_layerStarts[l] + e)-th of the model.
    [Id(1)]
    private readonly int[] _layerStarts;

    // [experts of the model + 1]: where the shards of an expert begin in _shards.
    [Id(2)]
    private readonly int[] _shardStarts;

    // The shards of each expert, ascending.
    [Id(3)]
    private readonly ushort[] _shards;

    /// <summary>A placement.</summary>
    /// <param name="shardCount">Shards of the model, 1 to 65,535.</param>
    /// <param name="shards">For each layer, for each of its experts, the shards that hold it: at least one, in any order, none twice.</param>
    /// <exception cref="ArgumentException">An expert has no shard, one that does not exist, or one twice.</exception>
    public ExpertPlacement(int shardCount, IReadOnlyList<IReadOnlyList<IReadOnlyList<int>>> shards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shardCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardCount, ushort.MaxValue);
        _shardCount = shardCount;
        _layerStarts = new int[shards.Count + 1];
        var shardStarts = new List<int> { 0 };
        var flat = new List<ushort>();
        for (int layer = 0; layer < shards.Count; layer++)
        {
            _layerStarts[layer + 1] = _layerStarts[layer] + shards[layer].Count;
            for (int expert = 0; expert < shards[layer].Count; expert++)
            {
                int[] held = [.. shards[layer][expert].Order()];
                if (held.Length == 0 || held[0] < 0 || held[^1] >= shardCount || held.Distinct().Count() != held.Length)
                {
                    throw new ArgumentException(
                        $"Expert {expert} of layer {layer} is to be on the shards [{string.Join(", ", held)}]: it must be on at least one of 0 to {shardCount - 1}, and on none twice.",
                        nameof(shards));
                }

                flat.AddRange(held.Select(shard => (ushort)shard));
                shardStarts.Add(flat.Count);
            }
        }

        _shardStarts = [.. shardStarts];
        _shards = [.. flat];
    }

    /// <summary>Shards of the model; fixed, whatever the number of nodes.</summary>
    public int ShardCount => _shardCount;

    /// <summary>Layers of the model.</summary>
    public int LayerCount => _layerStarts.Length - 1;

    /// <summary>Experts that more than one shard holds, over all layers.</summary>
    public int ReplicatedCount => Enumerable.Range(0, _shardStarts.Length - 1).Count(index => _shardStarts[index + 1] - _shardStarts[index] > 1);

    /// <summary>Deals the experts out as cards are dealt: expert e of every layer on shard e modulo shards, each once.</summary>
    /// <param name="expertCounts">The experts of each layer.</param>
    /// <param name="shardCount">Shards of the model, 1 to 65,535.</param>
    public static ExpertPlacement Dealt(IReadOnlyList<int> expertCounts, int shardCount) =>
        new(shardCount, [.. expertCounts.Select(count => Enumerable.Range(0, count).Select(expert => new[] { expert % shardCount }).ToArray())]);

    /// <summary>Experts of a layer; their ids are 0 to this − 1.</summary>
    public int ExpertCountOf(int layer) => _layerStarts[layer + 1] - _layerStarts[layer];

    /// <summary>The shards that hold an expert, ascending: at least one.</summary>
    public ReadOnlySpan<ushort> ShardsOf(int layer, int expert)
    {
        // An id beyond the layer's would silently be an expert of the next layer.
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)expert, (uint)ExpertCountOf(layer), nameof(expert));
        int index = _layerStarts[layer] + expert;
        int start = _shardStarts[index];
        return _shards.AsSpan(start, _shardStarts[index + 1] - start);
    }

    /// <summary>What a shard holds, by layer and expert.</summary>
    public IReadOnlyList<LayerExpert> ExpertsOf(int shard)
    {
        var experts = new List<LayerExpert>();
        for (int layer = 0; layer < LayerCount; layer++)
        {
            for (int expert = 0; expert < ExpertCountOf(layer); expert++)
            {
                if (ShardsOf(layer, expert).Contains((ushort)shard))
                {
                    experts.Add(new LayerExpert(layer, expert));
                }
            }
        }

        return experts;
    }

    /// <summary>Whether another placement has every expert on the same shards.</summary>
    public bool SameAs(ExpertPlacement other) =>
        _shardCount == other._shardCount
        && _layerStarts.AsSpan().SequenceEqual(other._layerStarts)
        && _shardStarts.AsSpan().SequenceEqual(other._shardStarts)
        && _shards.AsSpan().SequenceEqual(other._shards);
}
