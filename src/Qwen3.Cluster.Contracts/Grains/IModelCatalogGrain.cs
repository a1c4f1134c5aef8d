using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>What a front door asks of models without generating: names, tokens, text. Stateless; key 0.</summary>
[Alias("qwen3.IModelCatalogGrain")]
public interface IModelCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>The names of the models that this cluster is to serve, whether they can be loaded or not, the default one first.</summary>
    [Alias("ListNames")]
    Task<IReadOnlyList<string>> ListNames();

    /// <summary>The models of this cluster whose files can be read, the default one first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<ModelDescription>> List();

    /// <summary>The tokens of a text. <paramref name="model"/> may be empty: the default one.</summary>
    /// <exception cref="ModelNotFoundException">No model of that name is loaded.</exception>
    [Alias("Tokenize")]
    Task<int[]> Tokenize(string model, string text, bool plain, CancellationToken cancellationToken = default);

    /// <summary>The text of tokens.</summary>
    /// <exception cref="ModelNotFoundException">No model of that name is loaded.</exception>
    /// <exception cref="InvalidRequestException">An id is outside of the vocabulary.</exception>
    [Alias("Detokenize")]
    Task<string> Detokenize(string model, int[] ids, bool skipSpecial);
}
