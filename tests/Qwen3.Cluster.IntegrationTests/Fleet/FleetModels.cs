using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>The tiny models as a fleet serves them: steps so short that some prompts take several, a cache so small that requests wait for room.</summary>
internal static class FleetModels
{
    public static ModelOptions Moe => Tiny("moe", TinyChatModel.Moe.Value, shards: 8);

    public static ModelOptions MoeOfTwoReplicas
    {
        get
        {
            ModelOptions model = Tiny("moe-of-two-replicas", TinyChatModel.Moe.Value, shards: 8);
            model.Replicas = 2;
            return model;
        }
    }

    public static ModelOptions MoeInBFloat16
    {
        get
        {
            ModelOptions model = Tiny("moe-in-bfloat16", TinyChatModel.Moe.Value, shards: 8);
            model.Precision = ActivationPrecision.BFloat16;
            return model;
        }
    }

    /// <summary>Its four slices are shards.</summary>
    public static ModelOptions Dense => Tiny("dense", TinyChatModel.Dense.Value, shards: 4);

    private static ModelOptions Tiny(string name, string directory, int shards) => new()
    {
        Name = name,
        Directory = directory,
        ExpertShards = shards,
        Threads = 1,
        CacheTokens = 4096,
        MaxBatchTokens = 64,
    };
}
