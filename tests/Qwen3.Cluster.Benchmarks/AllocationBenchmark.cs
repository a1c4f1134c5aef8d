using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Bytes that the router's thread allocates for a token in steady state: in the model's forward pass, and in the engine's whole step, which makes the
/// deltas that readers get.
/// </summary>
internal static class AllocationBenchmark
{
    private const int Sequences = 16;
    private const int WarmUpSteps = 100;
    private const int Steps = 50;

    public static async Task<int> Run(string[] args)
    {
        _ = new BenchmarkArguments(args);
        string directory = RandomModel.Weightless();
        Console.WriteLine($"bytes a token on the router's thread, {Sequences} sequences      forward pass   engine's step");
        await Measure("shards in this process", directory, otherNodes: 0);
        await Measure("shards of another process", directory, otherNodes: 1);
        return 0;
    }

    private static async Task Measure(string name, string directory, int otherNodes)
    {
        int port = BenchmarkSilo.FreePort();
        await using BenchmarkSilo silo = await BenchmarkSilo.Start(port, port, directory, shards: 16, threads: 1, "simd", onlyOthersKeepShards: otherNodes > 0);
        ChildProcess[] nodes =
            [.. Enumerable.Range(0, otherNodes).Select(_ => NodeProcess.Start(null, port, directory, 16, "simd", onlyOthersKeepShards: true))];
        ModelFiles files = await silo.Files;
        ShardTable table = await silo.FindShards(Math.Max(1, otherNodes));
        foreach (ActivationPrecision precision in Enum.GetValues<ActivationPrecision>())
        {
            foreach (bool halves in otherNodes > 0 ? (bool[])[false, true] : [false])
            {
                using Trunk trunk = Trunk.WithShards(files.Checkpoint, threads: 1, precision, Sequences, table, new OverlapChoice(halves));
                Console.WriteLine(
                    $"{name + (halves ? ", halves" : ""),-36} {precision,-12}{OfForward(trunk.Model),16:0.#}{OfEngine(trunk.Model, files),16:0.#}");
            }
        }

        foreach (ChildProcess node in nodes)
        {
            node.Dispose();
        }
    }

    private static double OfForward(Qwen3Model model)
    {
        var decoding = new Decoding(model, Sequences, rows: 1, seed: 1);
        return BytesOf(decoding.Step);
    }

    private static double OfEngine(Qwen3Model model, ModelFiles files)
    {
        var engine = new Engine(model, files.Tokenizer, new EngineOptions(), TimeProvider.System);
        for (int i = 0; i < Sequences; i++)
        {
            // Longer than what is measured: no reply ends meanwhile.
            engine.TryAdd(new GenerationRequest { Id = $"{i}", Prompt = [i + 1], Sampling = new SamplingParameters { MaxTokens = 200, Seed = (ulong)i } });
        }

        return BytesOf(() => engine.Step());
    }

    private static double BytesOf(Action step)
    {
        for (int i = 0; i < WarmUpSteps; i++)
        {
            step();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Steps; i++)
        {
            step();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Steps * Sequences);
    }
}
