using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Checks the settings at start; each message names the setting as the configuration does.</summary>
internal sealed class Qwen3OptionsValidator(IEnumerable<IBackendFactory> backends) : IValidateOptions<Qwen3Options>
{
    public ValidateOptionsResult Validate(string? name, Qwen3Options options)
    {
        var problems = new List<string>();
        if (options.Models.Count == 0)
        {
            problems.Add("Qwen3:Models is empty: name at least one model's directory in Qwen3:Models:0:Directory.");
        }

        for (int i = 0; i < options.Models.Count; i++)
        {
            Check(options.Models[i], $"Qwen3:Models:{i}:", problems);
        }

        foreach (IGrouping<string, ModelOptions> same in options.Models.GroupBy(model => model.Name).Where(group => group.Count() > 1))
        {
            problems.Add($"Qwen3:Models names {same.Count()} models '{same.Key}': give each its own Name.");
        }

        if (options.ShardTimeLimit <= TimeSpan.Zero)
        {
            problems.Add($"Qwen3:ShardTimeLimit is {options.ShardTimeLimit}: it must be above zero.");
        }

        if (options.WatchInterval <= TimeSpan.Zero)
        {
            problems.Add($"Qwen3:WatchInterval is {options.WatchInterval}: it must be above zero.");
        }

        if (options.LoadHalfLife <= TimeSpan.Zero)
        {
            problems.Add($"Qwen3:LoadHalfLife is {options.LoadHalfLife}: it must be above zero.");
        }

        if (options.RebalanceEvery < TimeSpan.Zero)
        {
            problems.Add($"Qwen3:RebalanceEvery is {options.RebalanceEvery}: it must be zero (only when asked) or more.");
        }

        if (options.Node.MemoryBytes < 0)
        {
            problems.Add($"Qwen3:Node:MemoryBytes is {options.Node.MemoryBytes}: it must be 0 (all) or more.");
        }

        if (options.RetryLoadAfter <= TimeSpan.Zero)
        {
            problems.Add($"Qwen3:RetryLoadAfter is {options.RetryLoadAfter}: it must be above zero.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private void Check(ModelOptions model, string setting, List<string> problems)
    {
        if (!Path.Exists(model.Directory))
        {
            problems.Add(model.Directory.Length == 0
                ? $"{setting}Directory is empty: it must name a model's directory, or its GGUF file."
                : $"{setting}Directory is '{model.Directory}': there is no such directory or file.");
        }

        if (model.Name == ModelName.Auto)
        {
            problems.Add($"{setting}Name is '{model.Name}': requests say so to leave the choice to the cluster, so give the model another name.");
        }

        if (!backends.Any(backend => backend.Name == model.Backend))
        {
            problems.Add($"{setting}Backend is '{model.Backend}': this process has {string.Join(", ", backends.Select(backend => backend.Name))}.");
        }

        if (model.Replicas is < 1 or > 64)
        {
            problems.Add($"{setting}Replicas is {model.Replicas}: it must be 1 to 64.");
        }

        if (!Enum.IsDefined(model.Precision))
        {
            problems.Add($"{setting}Precision is {model.Precision}: it must be one of {string.Join(", ", Enum.GetNames<ActivationPrecision>())}.");
        }

        if (model.Auto.Threshold is { } threshold && !(threshold >= 0 && threshold <= AutoCalibration.LargestThreshold))
        {
            problems.Add(FormattableString.Invariant(
                $"{setting}Auto:Threshold is {threshold}: it must be 0 (every direct answer is kept) to {AutoCalibration.LargestThreshold} (above 1 none is)."));
        }

        if (model.Auto.ProbeTokens is < 1 or > AutoCalibration.MostProbeTokens)
        {
            problems.Add($"{setting}Auto:ProbeTokens is {model.Auto.ProbeTokens}: it must be 1 to {AutoCalibration.MostProbeTokens}.");
        }

        if (model.DraftModel.Length > 0 && !Path.Exists(model.DraftModel))
        {
            problems.Add($"{setting}DraftModel is '{model.DraftModel}': there is no such directory or file.");
        }

        if (model.MaxDraftTokens is < 0 or > RequestRules.MostDraftTokens)
        {
            problems.Add($"{setting}MaxDraftTokens is {model.MaxDraftTokens}: it must be 0 (no drafts) to {RequestRules.MostDraftTokens}.");
        }

        AddIfUnknown(nameof(ModelOptions.Weights), model.Weights);
        AddIfUnknown(nameof(ModelOptions.Cache), model.Cache);
        AddIfLess(nameof(ModelOptions.ExpertShards), model.ExpertShards, 1);
        AddIfLess(nameof(ModelOptions.ExtraExperts), model.ExtraExperts, 0);
        AddIfLess(nameof(ModelOptions.DenseSlices), model.DenseSlices, 1);
        AddIfLess(nameof(ModelOptions.Threads), model.Threads, 0);
        AddIfLess(nameof(ModelOptions.CacheTokens), model.CacheTokens, 1);
        AddIfLess(nameof(ModelOptions.PageSize), model.PageSize, 1);
        AddIfLess(nameof(ModelOptions.MaxSequences), model.MaxSequences, 1);
        AddIfLess(nameof(ModelOptions.MaxWaiting), model.MaxWaiting, 1);
        AddIfLess(nameof(ModelOptions.MaxBatchTokens), model.MaxBatchTokens, Math.Max(1, model.MaxSequences));

        void AddIfUnknown<TEnum>(string property, TEnum value)
            where TEnum : struct, Enum
        {
            if (!Enum.IsDefined(value))
            {
                problems.Add($"{setting}{property} is {value}: it must be one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
            }
        }

        void AddIfLess(string property, int value, int least)
        {
            if (value < least)
            {
                problems.Add($"{setting}{property} is {value}: it must be {least} or more.");
            }
        }
    }
}
