using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Tests;

/// <summary>A model with all that it needs, in one process: a checkpoint, a back-end and one pool of all its experts.</summary>
internal sealed class TestModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly IBackend _backend;
    private readonly IExpertPool _experts;

    /// <summary>Opens the model of a directory with packed weights.</summary>
    /// <param name="directory">An ordinary checkpoint.</param>
    /// <param name="backend">Is disposed of with the model.</param>
    /// <param name="weights">Q8 or Q4.</param>
    public TestModel(
        string directory,
        IBackend backend,
        WeightFormat weights)
        : this(Checkpoint.Open(directory, weights), backend)
    {
    }

    /// <summary>Opens the model of a directory.</summary>
    /// <param name="directory">An ordinary checkpoint, or a GGUF file.</param>
    /// <param name="backend">Is disposed of with the model.</param>
    /// <param name="cache">Of 16 pages of 16 positions when null.</param>
    /// <param name="denseSlices">Of <see cref="ExpertLayout.For"/>.</param>
    /// <param name="precision">Of what goes to the experts and comes back, without <paramref name="makePool"/>.</param>
    /// <param name="makePool">Makes the pool, which is disposed of with the model; one <see cref="LocalExpertPool"/> of all experts when null.</param>
    public TestModel(
        string directory,
        IBackend backend,
        CacheOptions? cache = null,
        int denseSlices = ExpertLayout.DefaultDenseSlices,
        ActivationPrecision precision = ActivationPrecision.Float32,
        Func<Checkpoint, ExpertLayout, IExpertPool>? makePool = null)
        : this(Checkpoint.Open(directory), backend, cache, denseSlices, precision, makePool)
    {
    }

    private TestModel(
        Checkpoint checkpoint,
        IBackend backend,
        CacheOptions? cache = null,
        int denseSlices = ExpertLayout.DefaultDenseSlices,
        ActivationPrecision precision = ActivationPrecision.Float32,
        Func<Checkpoint, ExpertLayout, IExpertPool>? makePool = null)
    {
        _backend = backend;
        _checkpoint = checkpoint;
        ExpertLayout layout = ExpertLayout.For(_checkpoint.Config, denseSlices);
        _experts = makePool?.Invoke(_checkpoint, layout) ?? new LocalExpertPool(backend, _checkpoint, layout) { Precision = precision };
        Model = Qwen3Model.Load(_checkpoint, backend, _experts, cache ?? new CacheOptions(16, 16));
    }

    public Qwen3Model Model { get; }

    /// <summary>The logits of every token of a sequence that is computed in one step, [tokens][V].</summary>
    public float[][] Logits(params int[] ids) => Logits(ids, 0, AllPages());

    /// <summary>The logits of the tokens of a sequence from a position on; what comes before is in the cache.</summary>
    public float[][] Logits(ReadOnlySpan<int> ids, int firstPosition, int[] pages, int expertLimit = int.MaxValue)
    {
        StepBatch batch = new();
        batch.Add(ids, firstPosition, pages, expertLimit, LogitRows.All);
        return Run(batch);
    }

    /// <summary>Runs a step: one row of logits for each that it asks for.</summary>
    public float[][] Run(StepBatch batch)
    {
        float[] logits = new float[batch.LogitRows.Length * Model.VocabularySize];
        Model.Forward(batch, logits);
        return [.. logits.Chunk(Model.VocabularySize)];
    }

    /// <summary>The likeliest tokens after a prompt: one prefill, then one step a token from the cache.</summary>
    public int[] Greedy(int[] prompt, int count)
    {
        int[] pages = AllPages();
        List<int> reply = [];
        float[] last = Logits(prompt, 0, pages)[^1];
        while (reply.Count < count)
        {
            int next = Array.IndexOf(last, last.Max());
            last = Logits([next], prompt.Length + reply.Count, pages)[0];
            reply.Add(next);
        }

        return [.. reply];
    }

    /// <summary>Every page of the cache, for a sequence that has it alone; in an order that is not ascending.</summary>
    public int[] AllPages() => [.. Enumerable.Range(0, Model.PageCount).Reverse()];

    public void Dispose()
    {
        Model.Dispose();
        _experts.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
    }
}
