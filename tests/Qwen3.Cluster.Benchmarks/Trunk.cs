using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>A model with a pool of experts: what a router has.</summary>
internal sealed class Trunk : IDisposable
{
    private readonly IBackend _backend;

    private Trunk(Checkpoint checkpoint, IBackend backend, IExpertPool experts, int sequences, OverlapChoice? overlap)
    {
        _backend = backend;
        Experts = experts;
        Overlap = overlap ?? new OverlapChoice();
        Model = Qwen3Model.Load(checkpoint, backend, experts, Decoding.CacheFor(sequences), Overlap);
    }

    /// <summary>The model.</summary>
    public Qwen3Model Model { get; }

    /// <summary>Its experts.</summary>
    public IExpertPool Experts { get; }

    /// <summary>Whether its steps run as halves.</summary>
    public OverlapChoice Overlap { get; }

    /// <summary>With all experts on its own back-end: one process without grains.</summary>
    public static Trunk WithLocalPool(Checkpoint checkpoint, int threads, ActivationPrecision precision, int sequences, bool isTimed = false)
    {
        var backend = new SimdBackend(threads);
        var pool = new LocalExpertPool(backend, checkpoint, ExpertLayout.For(checkpoint.Config)) { Precision = precision };
        return new Trunk(checkpoint, backend, isTimed ? new TimedPool(pool) : pool, sequences, overlap: null);
    }

    /// <summary>With the shards of a cluster, as a router's loader makes it.</summary>
    public static Trunk WithShards(
        Checkpoint checkpoint, int threads, ActivationPrecision precision, int sequences, ShardTable table, OverlapChoice? overlap = null) =>
        new(checkpoint, new SimdBackend(threads), PoolOf(checkpoint, precision, table), sequences, overlap);

    /// <summary>The pool of a router.</summary>
    public static ClusterExpertPool PoolOf(Checkpoint checkpoint, ActivationPrecision precision, ShardTable table) => new(
        BenchmarkSilo.Model,
        ExpertLayout.For(checkpoint.Config),
        precision,
        table,
        _ => throw new InvalidOperationException("A shard did not answer."),
        TimeSpan.FromSeconds(30),
        CancellationToken.None);

    public void Dispose()
    {
        Model.Dispose();
        Experts.Dispose();
        _backend.Dispose();
    }
}
