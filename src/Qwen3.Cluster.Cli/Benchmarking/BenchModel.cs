using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>A model in this process, and the steps that are timed: no cluster, no tokenizer. Tokens are random, and different in each sequence.</summary>
internal sealed class BenchModel : IDisposable
{
    // As the cluster has them unless told otherwise; a prompt's step as other engines have it.
    private const int PageSize = 16;
    private const int MostRows = 512;

    private readonly Checkpoint _checkpoint;
    private readonly IBackend _backend;
    private readonly LocalExpertPool _experts;
    private readonly Qwen3Model _model;
    private readonly StepBatch _batch = new();
    private readonly int[][] _pages;
    private readonly Random _random;
    private readonly float[] _logits;
    private readonly int[] _tokens = new int[MostRows];

    /// <summary>Loads one.</summary>
    /// <param name="checkpoint">Becomes the model's.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="sequences">Sequences that the cache holds.</param>
    /// <param name="positions">Positions of each.</param>
    /// <param name="seed">Of the tokens.</param>
    /// <param name="cache">How keys and values are kept.</param>
    public BenchModel(Checkpoint checkpoint, int threads, int sequences, int positions, int seed, CacheFormat cache)
    {
        _checkpoint = checkpoint;
        _random = new Random(seed);
        _backend = new SimdBackend(threads);
        _experts = new LocalExpertPool(_backend, checkpoint, ExpertLayout.For(checkpoint.Config));
        Experts = new CountingPool(_experts);
        int pages = (positions + PageSize - 1) / PageSize;
        _pages = [.. Enumerable.Range(0, sequences).Select(i => Enumerable.Range(i * pages, pages).ToArray())];
        _model = Qwen3Model.Load(checkpoint, _backend, Experts, new CacheOptions(PageSize, sequences * pages, cache));
        _logits = new float[(long)sequences * _model.VocabularySize];
    }

    /// <summary>What the experts were asked.</summary>
    public CountingPool Experts { get; }

    /// <summary>The geometry.</summary>
    public ModelConfig Config => _checkpoint.Config;

    /// <summary>Bytes that every step reads.</summary>
    public long TrunkBytes => _model.StepBytes;

    /// <summary>Bytes of all experts.</summary>
    public long ExpertBytes => _experts.ByteCount;

    /// <summary>Bytes of one expert of one layer, on average.</summary>
    public double BytesOfExpert => (double)ExpertBytes / Enumerable.Range(0, Config.LayerCount).Sum(_experts.Layout.ExpertCountOf);

    /// <summary>Steps that a prompt takes.</summary>
    public static int StepsOfPrompt(int tokens) => (tokens + MostRows - 1) / MostRows;

    /// <summary>Computes a prompt of one sequence, in steps of at most 512 rows; logits of its last token.</summary>
    public void Prompt(int tokens)
    {
        for (int done = 0; done < tokens; done += MostRows)
        {
            int rows = Math.Min(MostRows, tokens - done);
            _batch.Clear();
            _batch.Add(Tokens(rows), done, _pages[0], _model.ExpertsPerToken, done + rows == tokens ? LogitRows.Last : LogitRows.None);
            _model.Forward(_batch, _logits.AsSpan(0, _batch.LogitRows.Length * _model.VocabularySize));
        }
    }

    /// <summary>Fills the caches of sequences with keys and values of random tokens, which are not computed through the layers.</summary>
    public void Fill(int sequences, int positions)
    {
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            for (int done = 0; done < positions; done += MostRows)
            {
                _batch.Clear();
                _batch.Add(Tokens(Math.Min(MostRows, positions - done)), done, _pages[sequence], _model.ExpertsPerToken, LogitRows.None);
                _model.FillCache(_batch);
            }
        }
    }

    /// <summary>Decodes one token of each sequence.</summary>
    public void Decode(int sequences, int position)
    {
        _batch.Clear();
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            _batch.Add(Tokens(1), position, _pages[sequence], _model.ExpertsPerToken, LogitRows.Last);
        }

        _model.Forward(_batch, _logits.AsSpan(0, sequences * _model.VocabularySize));
    }

    /// <summary>Frees all of it.</summary>
    public void Dispose()
    {
        _model.Dispose();
        _experts.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
    }

    private ReadOnlySpan<int> Tokens(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _tokens[i] = _random.Next(Config.VocabularySize);
        }

        return _tokens.AsSpan(0, count);
    }
}
