using Orleans.Concurrency;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>Answers from the files that this silo has open.</summary>
[StatelessWorker]
internal sealed class ModelCatalogGrain(ModelStore models) : Grain, IModelCatalogGrain
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListNames() => Task.FromResult(models.Names);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ModelDescription>> List()
    {
        var descriptions = new List<ModelDescription>();
        foreach (string name in models.Names)
        {
            try
            {
                descriptions.Add(Describe(await models.Open(name)));
            }
            catch (ModelUnavailableException)
            {
                // It is not loaded, so it is not listed; a request that names it is told why.
            }
        }

        return descriptions;
    }

    /// <inheritdoc/>
    public async Task<int[]> Tokenize(string model, string text, bool plain, CancellationToken cancellationToken)
    {
        ModelFiles files = await models.Open(model);
        return await files.Encode(text, parseSpecialTokens: !plain, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<string> Detokenize(string model, int[] ids, bool skipSpecial)
    {
        ModelFiles files = await models.Open(model);
        RequestRules.CheckTokens("ids", ids, files.Tokenizer.VocabularySize);
        int unused = Array.FindIndex(ids, id => files.Tokenizer.UnusedIds.Contains(id));
        if (unused >= 0)
        {
            throw new InvalidRequestException($"ids[{unused}]", $"must be the id of a token; '{files.Name}' has none with the id {ids[unused]}.");
        }

        return files.Tokenizer.Decode(ids, skipSpecial);
    }

    private static ModelDescription Describe(ModelFiles files)
    {
        ModelConfig config = files.Checkpoint.Config;
        return new ModelDescription
        {
            Name = files.Name,
            Architecture = config.Architecture,
            Parameters = config.Parameters.Total,
            ActiveParameters = config.Parameters.Active(config.ExpertsPerToken),
            ExpertCount = config.ExpertCount,
            ExpertsPerToken = config.ExpertCount == 0 ? 0 : config.ExpertsPerToken,
            MaxPositions = files.ContextLength,
            VocabularySize = files.Tokenizer.VocabularySize,
            Activations = files.Activations,
        };
    }
}
