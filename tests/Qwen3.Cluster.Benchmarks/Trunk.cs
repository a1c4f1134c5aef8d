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
    private readonly IExpertPool _experts;

    private Trunk(IBackend backend, IExpertPool experts, Qwen3Model model) => (_backend, _experts, Model) = (backend, experts, model);

    /// <summary>The model.</summary>
    public Qwen3Model Model { get; }

    /// <summary>With all experts on its own back-end: one process without grains.</summary>
    public static Trunk WithLocalPool(Checkpoint checkpoint, int threads, ActivationPrecision precision, CacheOptions cache)
    {
        var backend = new SimdBackend(threads);
        return Make(checkpoint, backend, new LocalExpertPool(backend, checkpoint, ExpertLayout.For(checkpoint.Config)) { Precision = precision }, cache);
    }

    /// <summary>With the shards of a cluster, as a router's loader makes it.</summary>
    public static Trunk WithShards(Checkpoint checkpoint, int threads, ActivationPrecision precision, CacheOptions cache, ShardTable table) =>
        Make(checkpoint, new SimdBackend(threads), PoolOf(checkpoint, precision, table), cache);

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
        _experts.Dispose();
        _backend.Dispose();
    }

    private static Trunk Make(Checkpoint checkpoint, IBackend backend, IExpertPool experts, CacheOptions cache) =>
        new(backend, experts, Qwen3Model.Load(checkpoint, backend, experts, cache));
}
