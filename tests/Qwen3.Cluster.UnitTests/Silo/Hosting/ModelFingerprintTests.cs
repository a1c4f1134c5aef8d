using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Silo.Hosting;

/// <summary>Nodes work together only with the same model, used alike where the last bits depend on it.</summary>
public sealed class ModelFingerprintTests
{
    public static TheoryData<string, Action<ModelOptions>> Changes => new()
    {
        { nameof(ModelOptions.ExpertShards), model => model.ExpertShards++ },
        { nameof(ModelOptions.DenseSlices), model => model.DenseSlices++ },
        { nameof(ModelOptions.Precision), model => model.Precision = ActivationPrecision.BFloat16 },
        { nameof(ModelOptions.Cache), model => model.Cache = CacheFormat.Q8 },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void It_tells_settings_apart_that_change_bits(string setting, Action<ModelOptions> change)
    {
        ulong before = Of(TinyChatModel.Moe.Value, _ => { });
        Assert.Equal(before, Of(TinyChatModel.Moe.Value, model => model.Threads = 7));
        Assert.True(before != Of(TinyChatModel.Moe.Value, change), setting);
    }

    [Fact]
    public void It_tells_models_apart() => Assert.NotEqual(Of(TinyChatModel.Moe.Value, _ => { }), Of(TinyChatModel.Dense.Value, _ => { }));

    private static ulong Of(string directory, Action<ModelOptions> change)
    {
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        ModelOptions options = new();
        change(options);
        return ModelFingerprint.Of(checkpoint, options);
    }
}
