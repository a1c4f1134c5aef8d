namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// What the engine sees of a model: a ragged step in, logits out, and a paged cache whose pages the engine hands out.
/// One thread at a time.
/// </summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>Rows of the head: the length of a row of logits. It may exceed the tokenizer's ids (padding rows).</summary>
    int VocabularySize { get; }

    /// <summary>Positions that a sequence can have: prompt and reply together.</summary>
    int MaxPositions { get; }

    /// <summary>Experts that the model uses for a token when nothing limits it; 1 for a dense model.</summary>
    int ExpertsPerToken { get; }

    /// <summary>Positions that a page of the cache holds.</summary>
    int PageSize { get; }

    /// <summary>Pages in the cache; their ids are 0 to PageCount − 1.</summary>
    int PageCount { get; }

    /// <summary>Runs one step: fills the cache for every row, and computes the logits that were asked for.</summary>
    /// <param name="batch">The rows; they must have pages for all their positions.</param>
    /// <param name="logits">Receives [batch.LogitRows, VocabularySize], row-major.</param>
    void Forward(StepBatch batch, Span<float> logits);
}
