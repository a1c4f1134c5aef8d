using System.Diagnostics;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>Runs a <see cref="BenchPlan"/>.</summary>
/// <param name="plan">What is measured.</param>
/// <param name="threads">Threads that compute.</param>
/// <param name="tell">Is told what is going on.</param>
internal sealed class BenchRun(BenchPlan plan, int threads, Action<string> tell)
{
    // The cache may take as much of what the weights leave: some is the system's, and some the step's.
    private const double ShareOfFreeMemory = 0.8;

    private readonly List<string> _skipped = [];

    /// <summary>Loads and measures.</summary>
    /// <param name="name">The model, as it is reported.</param>
    /// <param name="path">Its directory or GGUF file.</param>
    /// <param name="format">How its weights are used.</param>
    /// <param name="cancel">Ends it between two steps.</param>
    public BenchReport Run(string name, string path, WeightFormat format, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        Checkpoint checkpoint = Checkpoint.Open(path, format, tell);
        (int Batch, int Context)[] cases = [.. plan.Contexts.SelectMany(_ => plan.Batches, (context, batch) => (batch, context)).Where(Fits)];
        int sequences = Math.Max(1, cases.Length == 0 ? 0 : cases.Max(one => one.Batch));
        int positions = Math.Max(plan.PromptTokens, cases.Length == 0 ? 1 : cases.Max(one => one.Context) + plan.DecodeSteps);
        using BenchModel model = new(checkpoint, threads, sequences, positions, plan.Seed, plan.Cache);
        model.Decode(1, 0);
        double load = Stopwatch.GetElapsedTime(started).TotalSeconds;

        tell("Measuring the machine.");
        bool isPacked = checkpoint.Get("model.layers.0.self_attn.q_proj.weight").Type.IsBlocked();
        MachineSpeed machine = MachineProbe.Measure(threads, isPacked);
        BenchResult[] results =
        [
            .. plan.PromptTokens > 0 ? [Prompt(model, machine, cancel)] : Array.Empty<BenchResult>(),
            .. cases.Select(one => Decode(model, one.Batch, one.Context, machine, cancel)),
        ];
        return new BenchReport(
            name,
            format.ToString().ToLowerInvariant(),
            plan.Cache.ToString().ToLowerInvariant(),
            model.TrunkBytes + model.ExpertBytes,
            threads,
            load,
            machine,
            results,
            _skipped);

        bool Fits((int Batch, int Context) one)
        {
            ModelConfig config = checkpoint.Config;
            int end = one.Context + plan.DecodeSteps;
            long cache = (long)one.Batch * end * CacheBytesOfToken(config);
            long weights = checkpoint.Tensors.Values.Sum(tensor => tensor.ByteCount);
            double free = (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - weights) * ShareOfFreeMemory;
            string? problem = end > config.MaxPositions ? $"the model has {config.MaxPositions} positions"
                : cache > free ? $"its cache takes {ByteUnits.Of(cache)}, and the weights leave {ByteUnits.Of((long)Math.Max(0, free))}"
                : null;
            if (problem is not null)
            {
                _skipped.Add($"{one.Batch} at once at a context of {one.Context}: {problem}.");
            }

            return problem is null;
        }
    }

    private long CacheBytesOfToken(ModelConfig config) =>
        new KvCacheShape(config.LayerCount, 1, 1, config.KeyValueHeadCount, config.HeadDim, plan.Cache).BytesOfPosition;

    private BenchResult Prompt(BenchModel model, MachineSpeed machine, CancellationToken cancel)
    {
        tell($"Prompt of {plan.PromptTokens}.");
        double[] seconds = Time(model, () => model.Prompt(plan.PromptTokens), cancel);

        // Its last token alone goes through all of the last layer and the head, and each attends to half of the others on average.
        double attended = plan.PromptTokens / 2.0;
        double operations = (plan.PromptTokens * OperationsOfToken(model.Config, attended)) - ((plan.PromptTokens - 1) * LastLayerOperations(model.Config, attended))
            + HeadOperations(model.Config);
        return Result("prompt", 1, 0, plan.PromptTokens, seconds, model, BenchModel.StepsOfPrompt(plan.PromptTokens), 0, operations, machine);
    }

    private BenchResult Decode(BenchModel model, int batch, int context, MachineSpeed machine, CancellationToken cancel)
    {
        tell($"Decoding, {batch} at once, context {context}.");
        model.Fill(batch, context);
        double[] seconds = Time(
            model,
            () =>
            {
                for (int step = 0; step < plan.DecodeSteps; step++)
                {
                    cancel.ThrowIfCancellationRequested();
                    model.Decode(batch, context + step);
                }
            },
            cancel);
        double attended = context + ((plan.DecodeSteps + 1) / 2.0);
        int tokens = batch * plan.DecodeSteps;
        double operations = tokens * (OperationsOfToken(model.Config, attended) + HeadOperations(model.Config));
        return Result("decode", batch, context, tokens, seconds, model, plan.DecodeSteps, batch * attended * CacheBytesOfToken(model.Config), operations, machine);
    }

    // Each round, in order; one before them warms caches and code, and is not counted.
    private double[] Time(BenchModel model, Action round, CancellationToken cancel)
    {
        round();
        model.Experts.Reset();
        double[] seconds = new double[plan.Rounds];
        for (int i = 0; i < seconds.Length; i++)
        {
            cancel.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            round();
            seconds[i] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds;
    }

    private BenchResult Result(
        string kind, int batch, int context, int tokens, double[] seconds, BenchModel model, int steps, double cacheBytes, double operations, MachineSpeed machine)
    {
        double experts = model.Experts.DistinctExperts / ((double)plan.Rounds * steps);
        double bytes = model.TrunkBytes + (experts * model.BytesOfExpert) + cacheBytes;
        double median = seconds[seconds.Length / 2];
        return new BenchResult(
            kind, batch, context, tokens, tokens / median, tokens / seconds[^1], tokens / seconds[0], (long)bytes, experts / model.Config.LayerCount,
            bytes * steps / median / machine.ReadBytesPerSecond, operations / median / machine.OperationsPerSecond);
    }

    // Two for each weight but those of embedding and head, and four for each number of the keys that a head looks at.
    private static double OperationsOfToken(ModelConfig config, double attended)
    {
        long embeddings = (config.TieWordEmbeddings ? 1L : 2L) * config.VocabularySize * config.HiddenSize;
        return (2.0 * (config.Parameters.Active(config.ExpertsPerToken) - embeddings)) + (4.0 * config.LayerCount * config.HeadCount * config.HeadDim * attended);
    }

    // What of the last layer only rows with logits need: all but the projections of queries, keys and values. The gate is too small to count.
    private static double LastLayerOperations(ModelConfig config, double attended)
    {
        int last = config.LayerCount - 1;
        double feedForward = 3.0 * config.HiddenSize * (config.IsSparse(last) ? config.ExpertsPerToken * config.MoeIntermediateSize : config.IntermediateSize);
        double queries = (double)config.HeadCount * config.HeadDim;
        return (2 * (feedForward + (queries * config.HiddenSize))) + (4 * queries * attended);
    }

    private static double HeadOperations(ModelConfig config) => 2.0 * config.VocabularySize * config.HiddenSize;
}
