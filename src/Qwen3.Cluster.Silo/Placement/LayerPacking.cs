namespace Qwen3.Cluster.Silo.Placement;

/// <summary>One layer's experts on the shards, while a balancer shifts them about.</summary>
internal sealed class LayerPacking
{
    private readonly long[] _tokens; // [experts]
    private readonly int[] _copies; // [experts]
    private readonly bool[] _holds; // [shards, experts]
    private readonly List<int>[] _experts; // of each shard, in the order they came
    private readonly double[] _load; // [shards]

    /// <summary>A layer without experts on any shard.</summary>
    /// <param name="tokens">Tokens of each expert.</param>
    /// <param name="shardCount">Shards of the model.</param>
    public LayerPacking(ReadOnlySpan<long> tokens, int shardCount)
    {
        _tokens = tokens.ToArray();
        _copies = new int[tokens.Length];
        _holds = new bool[shardCount * tokens.Length];
        _experts = [.. Enumerable.Range(0, shardCount).Select(_ => new List<int>())];
        _load = new double[shardCount];
        foreach (long count in tokens)
        {
            Mean += (double)count / shardCount;
        }
    }

    /// <summary>Experts of the layer.</summary>
    public int ExpertCount => _tokens.Length;

    /// <summary>Shards of the model.</summary>
    public int ShardCount => _load.Length;

    /// <summary>Mean tokens of a shard; 0 while nothing was counted.</summary>
    public double Mean { get; }

    /// <summary>Tokens of the busiest shard.</summary>
    public double Max => _load.Max();

    /// <summary>The shard with most tokens, the first of equals.</summary>
    public int Busiest => Array.IndexOf(_load, Max);

    /// <summary>Tokens of an expert, wherever they are computed.</summary>
    public double TokensOf(int expert) => _tokens[expert];

    /// <summary>On how many shards an expert is.</summary>
    public int CopiesOf(int expert) => _copies[expert];

    /// <summary>Tokens of an expert that fall on each of its shards.</summary>
    public double ShareOf(int expert) => (double)_tokens[expert] / _copies[expert];

    /// <summary>How much more falls on the other shards of an expert that leaves one of its several.</summary>
    public double RiseWithout(int expert) => ((double)_tokens[expert] / (_copies[expert] - 1)) - ShareOf(expert);

    /// <summary>Tokens that fall on a shard.</summary>
    public double LoadOf(int shard) => _load[shard];

    /// <summary>The experts of a shard.</summary>
    public IReadOnlyList<int> ExpertsOf(int shard) => _experts[shard];

    /// <summary>Whether a shard holds an expert.</summary>
    public bool Holds(int shard, int expert) => _holds[(shard * _tokens.Length) + expert];

    /// <summary>Puts an expert on a shard that does not hold it.</summary>
    public void Add(int expert, int shard)
    {
        if (_copies[expert] > 0)
        {
            AddToHolders(expert, -ShareOf(expert));
        }

        _copies[expert]++;
        _holds[(shard * _tokens.Length) + expert] = true;
        _experts[shard].Add(expert);
        AddToHolders(expert, ShareOf(expert));
    }

    /// <summary>Takes an expert from a shard that holds it. The last copy may only go to come back elsewhere at once.</summary>
    public void Remove(int expert, int shard)
    {
        AddToHolders(expert, -ShareOf(expert));
        _copies[expert]--;
        _holds[(shard * _tokens.Length) + expert] = false;
        _experts[shard].Remove(expert);
        if (_copies[expert] > 0)
        {
            AddToHolders(expert, ShareOf(expert));
        }
    }

    /// <summary>For each expert its shards, ascending.</summary>
    public int[][] ToShards() =>
        [.. Enumerable.Range(0, ExpertCount).Select(expert => Enumerable.Range(0, ShardCount).Where(shard => Holds(shard, expert)).ToArray())];

    private void AddToHolders(int expert, double tokens)
    {
        for (int shard = 0; shard < _load.Length; shard++)
        {
            if (Holds(shard, expert))
            {
                _load[shard] += tokens;
            }
        }
    }
}
