using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>
/// Drafts what a small model of the family finds likeliest (Leviathan, Kalman, Matias 2023, arXiv 2211.17192, without its change of the sampling: a draft
/// counts only where the large model's own draw is the same token). It has a cache of its own, in which each sequence keeps its pages until
/// it ends; a sequence for which there are none goes without drafts.
/// </summary>
internal sealed class ModelDrafter : IDrafter
{
    // A long prompt is read in chunks, one a step, so that replies beside it do not wait for all of it.
    private const int MostRows = 256;

    private static readonly SamplingParameters Likeliest = new() { Temperature = 0 };

    private readonly ILanguageModel _model;
    private readonly Sampler _sampler;
    private readonly PagePool _pool;
    private readonly Dictionary<Sequence, State> _states = [];
    private readonly StepBatch _batch = new();
    private readonly float[] _logits;

    /// <param name="model">The small model; its caller disposes it.</param>
    /// <param name="tokenizer">That of both models.</param>
    public ModelDrafter(ILanguageModel model, Qwen3Tokenizer tokenizer)
    {
        _model = model;
        _sampler = new Sampler(tokenizer.VocabularySize, tokenizer.UnusedIds);
        _pool = new PagePool(model.PageCount, prefixes: null);
        _logits = new float[model.VocabularySize];
    }

    /// <inheritdoc/>
    public bool IsFree => false;

    /// <inheritdoc/>
    public void Draft(Sequence sequence, int count)
    {
        if (!_states.TryGetValue(sequence, out State? state))
        {
            _states.Add(sequence, state = new State());
        }

        // 1. Of its own drafts it forgets those that did not come true. The last one was never run.
        state.RollBack(sequence);
        count = Math.Min(count, _model.MaxPositions - sequence.Count + 1);
        if (count < 1 || !TryReserve(state, sequence.Count + count - 1))
        {
            return;
        }

        // 2. What it has not read yet.
        int pending = sequence.Count - state.Computed;
        int rows = Math.Min(pending, MostRows);
        Run(state, sequence.Tokens.Slice(state.Computed, rows), wantsLogits: rows == pending);
        if (rows < pending)
        {
            return;
        }

        // 3. Draft by draft.
        for (int drafted = 0; drafted < count; drafted++)
        {
            if (drafted > 0)
            {
                Run(state, sequence.TokensAndDrafts[^1..], wantsLogits: true);
            }

            sequence.AddDraft(_sampler.Choose(_logits, Likeliest, null, [], 0, 0));
        }

        state.Remember(sequence);
    }

    /// <inheritdoc/>
    public void Forget(Sequence sequence)
    {
        if (_states.Remove(sequence, out State? state))
        {
            while (state.Pages.Count > 0)
            {
                _pool.Release(state.Pages.RemoveLast());
            }
        }
    }

    private bool TryReserve(State state, int tokens)
    {
        int missing = ((tokens + _model.PageSize - 1) / _model.PageSize) - state.Pages.Count;
        if (missing > _pool.AvailableCount)
        {
            return false;
        }

        for (; missing > 0; missing--)
        {
            state.Pages.Add(_pool.Take());
        }

        return true;
    }

    private void Run(State state, ReadOnlySpan<int> tokens, bool wantsLogits)
    {
        _batch.Clear();
        _batch.Add(tokens, state.Computed, state.Pages.AsMemory(), _model.ExpertsPerToken, wantsLogits ? LogitRows.Last : LogitRows.None);
        _model.Forward(_batch, wantsLogits ? _logits : []);
        state.Computed += tokens.Length;
    }

    /// <summary>What the small model knows of a sequence.</summary>
    private sealed class State
    {
        private readonly int[] _drafts = new int[DraftChoice.Most];
        private int _count;

        public PageTable Pages { get; } = new();

        // Tokens in its cache: the sequence's, and drafts behind them.
        public int Computed { get; set; }

        public void Remember(Sequence sequence)
        {
            _count = sequence.Count;
            sequence.TokensAndDrafts[_count..].CopyTo(_drafts);
        }

        public void RollBack(Sequence sequence)
        {
            for (int position = _count; position < Computed; position++)
            {
                if (position >= sequence.Count || sequence.Tokens[position] != _drafts[position - _count])
                {
                    Computed = position;
                }
            }

            _count = sequence.Count;
        }
    }
}
