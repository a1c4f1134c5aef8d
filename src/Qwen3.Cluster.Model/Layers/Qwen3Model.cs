using System.Diagnostics;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// Qwen3, dense and mixture of experts (arXiv 2505.09388): written once, over the arithmetic of an <see cref="IBackend"/>
/// and the experts of an <see cref="IExpertPool"/>, wherever they live.
/// </summary>
public sealed class Qwen3Model : ILanguageModel
{
    private readonly IBackend _backend;
    private readonly ModelConfig _config;
    private readonly TrunkWeights _weights;
    private readonly IExpertPool _experts;
    private readonly AttentionLayer _attention;
    private readonly KvCache _cache;
    private readonly Lane _first;
    private readonly Lane _second;
    private readonly Activation _normalized; // [T, H]
    private readonly OverlapChoice _overlap;

    private Qwen3Model(
        ModelConfig config, TrunkWeights weights, IBackend backend, IExpertPool experts, CacheOptions cache, OverlapChoice overlap)
    {
        _overlap = overlap;
        _backend = backend;
        _config = config;
        _weights = weights;
        _experts = experts;
        _attention = new AttentionLayer(backend, config);
        _first = new Lane(backend, experts, config);
        _second = new Lane(backend, experts, config);
        _cache = backend.CreateKvCache(
            new KvCacheShape(config.LayerCount, cache.PageCount, cache.PageSize, config.KeyValueHeadCount, config.HeadDim, cache.Format));
        _normalized = backend.CreateActivation(config.HiddenSize);
    }

    /// <inheritdoc/>
    public int VocabularySize => _config.VocabularySize;

    /// <inheritdoc/>
    public int MaxPositions => _config.MaxPositions;

    /// <inheritdoc/>
    public int ExpertsPerToken => Math.Max(1, _config.ExpertsPerToken);

    /// <summary>Bytes of the weights that a step reads whatever its tokens are: all of the trunk, of the embedding only a head that is tied to it.</summary>
    public long StepBytes => _weights.StepBytes;

    /// <inheritdoc/>
    public int PageSize => _cache.Shape.PageSize;

    /// <inheritdoc/>
    public int PageCount => _cache.Shape.PageCount;

    /// <summary>
    /// Loads the trunk of a checkpoint. The model disposes of what it made here; checkpoint, back-end and pool stay the caller's and outlive it.
    /// </summary>
    /// <param name="checkpoint">Holds the weights.</param>
    /// <param name="backend">Computes the trunk.</param>
    /// <param name="experts">Computes the experts.</param>
    /// <param name="cache">How much the cache holds.</param>
    public static Qwen3Model Load(Checkpoint checkpoint, IBackend backend, IExpertPool experts, CacheOptions cache) =>
        Load(checkpoint, backend, experts, cache, new OverlapChoice());

    /// <summary>The same with a choice of its caller's whether steps run as halves.</summary>
    internal static Qwen3Model Load(Checkpoint checkpoint, IBackend backend, IExpertPool experts, CacheOptions cache, OverlapChoice overlap) =>
        Of(checkpoint.Config, TrunkWeights.Load(checkpoint, backend), backend, experts, cache, overlap);

    /// <summary>The same with weights that the back-end has already; they become the model's.</summary>
    internal static Qwen3Model Of(
        ModelConfig config, TrunkWeights weights, IBackend backend, IExpertPool experts, CacheOptions cache, OverlapChoice overlap)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cache.PageSize, 1, nameof(cache));
        ArgumentOutOfRangeException.ThrowIfLessThan(cache.PageCount, 1, nameof(cache));
        return new Qwen3Model(config, weights, backend, experts, cache, overlap);
    }

    /// <inheritdoc/>
    public void Forward(StepBatch batch, Span<float> logits)
    {
        Check(batch, logits);
        if (!_experts.CanOverlap || batch.Slices.Length < 2)
        {
            ForwardWhole(batch, logits);
            return;
        }

        bool hasChunks = batch.RowCount > batch.Slices.Length;
        bool halves = _overlap.RunsHalves(hasChunks);
        long started = Stopwatch.GetTimestamp();
        if (halves)
        {
            ForwardHalves(batch, logits);
        }
        else
        {
            ForwardWhole(batch, logits);
        }

        _overlap.Add(hasChunks, halves, Stopwatch.GetTimestamp() - started, batch.RowCount);
    }

    /// <summary>
    /// Fills the cache of a batch's rows without computing them: each layer keeps the keys and values of the embedded tokens, as if no layer were
    /// before it. For measurements of what follows a long text, which attend to as many numbers of the same size, at a fraction of the time.
    /// </summary>
    public void FillCache(StepBatch batch)
    {
        Check(batch, []);
        Embed(_first, batch);
        _normalized.Resize(batch.RowCount);
        for (int layer = 0; layer < _weights.Layers.Count; layer++)
        {
            LayerWeights weights = _weights.Layers[layer];
            _backend.Normalize(_first.Hidden, weights.InputNorm, (float)_config.RmsNormEpsilon, _normalized);
            _attention.ProjectAndStore(_normalized, weights.Attention, _first.Rotary, batch, _cache, layer);
        }
    }

    private void ForwardWhole(StepBatch batch, Span<float> logits)
    {
        Embed(_first, batch);
        for (int layer = 0; layer < _weights.Layers.Count; layer++)
        {
            Attend(_first, batch, layer);
            _first.FeedForward.End(_first.Hidden);
        }

        ComputeLogits(_first, batch, logits);
    }

    // While one half computes, the other's tokens are at the experts.
    private void ForwardHalves(StepBatch batch, Span<float> logits)
    {
        batch.Split(_first.Half, _second.Half);
        Embed(_first, _first.Half);
        Embed(_second, _second.Half);
        for (int layer = 0; layer < _weights.Layers.Count; layer++)
        {
            Attend(_first, _first.Half, layer);
            if (layer > 0)
            {
                _second.FeedForward.End(_second.Hidden);
            }

            Attend(_second, _second.Half, layer);
            _first.FeedForward.End(_first.Hidden);
        }

        _second.FeedForward.End(_second.Hidden);
        int split = _first.Half.LogitRows.Length * VocabularySize;
        ComputeLogits(_first, _first.Half, logits[..split]);
        ComputeLogits(_second, _second.Half, logits[split..]);
    }

    private void Embed(Lane lane, StepBatch batch)
    {
        lane.Hidden.Resize(batch.RowCount);
        lane.Rotary.Prepare(batch.Positions);
        _backend.Embed(_weights.Embedding, batch.TokenIds, lane.Hidden);
    }

    // The attention of a layer; then the tokens set out to its experts, of the last layer those whose logits are wanted.
    private void Attend(Lane lane, StepBatch batch, int layer)
    {
        LayerWeights weights = _weights.Layers[layer];
        float epsilon = (float)_config.RmsNormEpsilon;
        _normalized.Resize(batch.RowCount);
        _backend.Normalize(lane.Hidden, weights.InputNorm, epsilon, _normalized);
        if (layer < _weights.Layers.Count - 1 || batch.LogitRows.Length == batch.RowCount)
        {
            _attention.Forward(_normalized, weights.Attention, lane.Rotary, batch, _cache, layer, lane.Hidden);
        }
        else
        {
            // Of the last layer the other rows leave nothing but their keys and values.
            batch.SelectWanted(lane.Wanted);
            if (lane.Wanted.RowCount > 0)
            {
                _backend.KeepRows(lane.Hidden, batch.LogitRows);
            }

            _attention.ForwardWanted(_normalized, weights.Attention, lane.Rotary, batch, lane.Wanted, _cache, layer, lane.Hidden);
            batch = lane.Wanted;
        }

        if (batch.RowCount == 0)
        {
            lane.FeedForward.Abandon();
            return;
        }

        _normalized.Resize(batch.RowCount);
        _backend.Normalize(lane.Hidden, weights.PostAttentionNorm, epsilon, _normalized);
        lane.FeedForward.Begin(_normalized, weights.Gate, batch, layer);
    }

    private void ComputeLogits(Lane lane, StepBatch batch, Span<float> logits)
    {
        if (!batch.LogitRows.IsEmpty)
        {
            StepBatch last = lane.Hidden.Rows == batch.RowCount ? batch : lane.Wanted;
            _normalized.Resize(last.RowCount);
            _backend.Normalize(lane.Hidden, _weights.FinalNorm, (float)_config.RmsNormEpsilon, _normalized);
            _backend.ComputeLogits(_normalized, last.LogitRows, _weights.Head, logits);
        }
    }

    /// <summary>Frees weights, buffers and cache.</summary>
    public void Dispose()
    {
        _weights.Dispose();
        _attention.Dispose();
        _cache.Dispose();
        _first.Dispose();
        _second.Dispose();
        _normalized.Dispose();
    }

    // Back-ends read memory by these numbers.
    private void Check(StepBatch batch, Span<float> logits)
    {
        if (logits.Length != (long)batch.LogitRows.Length * VocabularySize)
        {
            throw new ArgumentException(
                $"The step gives {batch.LogitRows.Length} rows of {VocabularySize} logits, but there is room for {logits.Length} numbers.", nameof(logits));
        }

        foreach (int id in batch.TokenIds)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentException($"Token {id} is not in the vocabulary of {VocabularySize}.", nameof(batch));
            }
        }

        foreach (SequenceSlice slice in batch.Slices)
        {
            int end = slice.FirstPosition + slice.RowCount;
            int pages = (int)(((long)end + PageSize - 1) / PageSize);
            if (end > MaxPositions)
            {
                throw new ArgumentException($"Position {end - 1} is beyond the model's {MaxPositions} positions.", nameof(batch));
            }

            if (slice.Pages.Length < pages)
            {
                throw new ArgumentException($"Position {end - 1} needs {pages} pages of {PageSize}, but the sequence has {slice.Pages.Length}.", nameof(batch));
            }

            foreach (int page in slice.Pages.Span[..pages])
            {
                if ((uint)page >= (uint)PageCount)
                {
                    throw new ArgumentException($"Page {page} is not one of the cache's {PageCount}.", nameof(batch));
                }
            }
        }
    }
}
