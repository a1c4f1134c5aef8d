using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>Sequences of random tokens, the same for the same seed, that go through a model a step at a time.</summary>
internal sealed class Decoding
{
    private const int ContextLength = 64;
    private const int MaxLength = 256;

    private readonly Qwen3Model _model;
    private readonly int _sequences;
    private readonly int _rows;
    private readonly int[][] _pages;
    private readonly Random _random;
    private readonly StepBatch _batch = new();
    private readonly float[] _logits;
    private readonly int[] _tokens;
    private int _position = ContextLength;

    /// <summary>Puts a context of 64 tokens of each sequence into the model's cache.</summary>
    /// <param name="model">With a cache of <see cref="CacheFor"/>.</param>
    /// <param name="sequences">In each step.</param>
    /// <param name="rows">Tokens of each in a step: 1, or a chunk of a prompt of at most 256.</param>
    /// <param name="seed">Of the tokens.</param>
    public Decoding(Qwen3Model model, int sequences, int rows, int seed)
    {
        (_model, _sequences, _rows) = (model, sequences, rows);
        _random = new Random(seed);
        _tokens = new int[MaxLength];
        _logits = new float[sequences * model.VocabularySize];
        int pages = MaxLength / model.PageSize;
        _pages = [.. Enumerable.Range(0, sequences).Select(i => Enumerable.Range(i * pages, pages).ToArray())];
        for (int i = 0; i < sequences; i++)
        {
            _batch.Clear();
            _batch.Add(NextTokens(ContextLength), 0, _pages[i], int.MaxValue, LogitRows.None);
            model.Forward(_batch, []);
        }
    }

    /// <summary>The logits of the last step.</summary>
    public ReadOnlySpan<float> Logits => _logits;

    /// <summary>Room for so many sequences.</summary>
    public static CacheOptions CacheFor(int sequences) => new(16, sequences * MaxLength / 16);

    /// <summary>Runs a step.</summary>
    public void Step()
    {
        int first = _rows == 1 ? _position : 0;
        _batch.Clear();
        for (int i = 0; i < _sequences; i++)
        {
            _batch.Add(NextTokens(_rows), first, _pages[i], int.MaxValue, LogitRows.Last);
        }

        _model.Forward(_batch, _logits);
        _position = _position + 1 < MaxLength ? _position + 1 : ContextLength;
    }

    private ReadOnlySpan<int> NextTokens(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _tokens[i] = _random.Next(_model.VocabularySize);
        }

        return _tokens.AsSpan(0, count);
    }
}
