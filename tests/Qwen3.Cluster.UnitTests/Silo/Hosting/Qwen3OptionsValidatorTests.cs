using Microsoft.Extensions.Options;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.UnitTests.Silo.Hosting;

/// <summary>A setting that cannot be used is named as the configuration names it.</summary>
public class Qwen3OptionsValidatorTests
{
    public static TheoryData<string, Action<ModelOptions>> Wrong => new()
    {
        { "Directory is empty: it must name", model => model.Directory = "" },
        { "Directory is '/nowhere': there is no", model => model.Directory = "/nowhere" },
        { "Name is 'auto': requests say so", model => model.Name = "auto" },
        { "Backend is 'abacus': this process has .", model => model.Backend = "abacus" },
        { "Replicas is 65: it must be 1 to 64.", model => model.Replicas = 65 },
        { "DraftModel is '/nowhere': there is no", model => model.DraftModel = "/nowhere" },
        { "MaxDraftTokens is 9: it must be 0 (no drafts) to 8.", model => model.MaxDraftTokens = 9 },
        { "MaxDraftTokens is -1: it must be", model => model.MaxDraftTokens = -1 },
        { "Auto:ProbeTokens is 0: it must be", model => model.Auto.ProbeTokens = 0 },
        { "ExpertShards is 0: it must be 1 or more.", model => model.ExpertShards = 0 },
        { "Weights is 7: it must be one of Stored, Q8, Q4.", model => model.Weights = (WeightFormat)7 },
        { "Cache is 7: it must be one of F32, BF16, Q8.", model => model.Cache = (CacheFormat)7 },
        { "MaxBatchTokens is 7: it must be 8 or more.", model => (model.MaxSequences, model.MaxBatchTokens) = (8, 7) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_cannot_be_used_is_named(string problem, Action<ModelOptions> change)
    {
        string expected = $"Qwen3:Models:0:{problem}";
        Assert.DoesNotContain(Problems(_ => { }), found => found.StartsWith(expected, StringComparison.Ordinal));
        Assert.Contains(Problems(change), found => found.StartsWith(expected, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Problems(Action<ModelOptions> change)
    {
        ModelOptions model = new() { Name = "m", Directory = AppContext.BaseDirectory };
        change(model);
        return new Qwen3OptionsValidator([]).Validate(null, new Qwen3Options { Models = [model] }).Failures ?? [];
    }
}
