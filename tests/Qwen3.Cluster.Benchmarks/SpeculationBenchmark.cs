using System.Diagnostics;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Tokens a second with drafts from the text so far and without, by turns, through one model: text that repeats itself every 24 tokens, random text, and
/// what the embedded model itself writes. The engines go on from round to round, so that they know what rows cost.
/// </summary>
internal static class SpeculationBenchmark
{
    private const int PromptTokens = 32;
    private const int Period = 24;

    public static int Run(string[] args)
    {
        var arguments = new BenchmarkArguments(args, "layers", "tokens", "threads", "rounds");
        int layers = arguments.Get("layers", 0);
        string directory = layers == 0 ? EmbeddedModel.Directory : RandomModel.Qwen3_30B(layers);
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directory);
        Console.WriteLine($"{(layers == 0 ? EmbeddedModel.Name : $"Qwen3-30B-A3B, {layers} layers")}                 tokens/s without     with   with : without                             drafted, true");
        foreach (int sequences in (int[])[1, 4, 16])
        {
            using Trunk trunk = Trunk.WithLocalPool(checkpoint, arguments.Get("threads", Environment.ProcessorCount), ActivationPrecision.Float32, sequences);
            int[] seeded = RandomTokens(4096);
            Measure("repetitive", new ScriptedText(trunk.Model, position => seeded[position % Period]));
            Measure("random", new ScriptedText(trunk.Model, position => seeded[position]));
            if (layers == 0)
            {
                Measure("its own", trunk.Model);
            }

            void Measure(string text, ILanguageModel model)
            {
                Engine[] engines = [EngineOf(model, tokenizer, 0), EngineOf(model, tokenizer, 8)];
                int tokens = arguments.Get("tokens", 200);
                int[] counts = new int[2];
                Rounds rounds = Rounds.Run(arguments.Get("rounds", 7), () => Time(engines[0], tokenizer, sequences, tokens, ref counts[0]), () => Time(engines[1], tokenizer, sequences, tokens, ref counts[1]));
                EngineMetrics drafts = engines[1].Metrics;
                Console.WriteLine(
                    $"{sequences,3} sequences, {text,-12}{counts[0] / rounds.Median(0),22:0}{counts[1] / rounds.Median(1),9:0}   {rounds.Ratio(0, 1),-44}"
                    + $"{drafts.DraftedTokens,8}{Share(drafts),6}");
            }
        }

        return 0;
    }

    private static string Share(EngineMetrics metrics) =>
        metrics.DraftedTokens == 0 ? "–" : $"{100.0 * metrics.AcceptedTokens / metrics.DraftedTokens:0} %";

    // What the one engine has in pages, the other overwrites.
    private static Engine EngineOf(ILanguageModel model, Qwen3Tokenizer tokenizer, int maxDraftTokens) => new(
        model, tokenizer, new EngineOptions { MaxDraftTokens = maxDraftTokens, ReusePrefixes = false, EndTokenIds = [int.MaxValue] }, TimeProvider.System);

    // Seconds from the first token of all to the last.
    private static double Time(Engine engine, Qwen3Tokenizer tokenizer, int sequences, int tokens, ref int count)
    {
        for (int i = 0; i < sequences; i++)
        {
            int[] prompt = tokenizer.Encode($"<|im_start|>user\nWhat is {812 + (i * 37)} - {377 + (i * 11)}?<|im_end|>\n<|im_start|>assistant\n<think>\n");
            engine.TryAdd(new GenerationRequest
            {
                Id = $"{i}", Prompt = [.. prompt.Take(PromptTokens)], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = tokens },
            });
        }

        engine.Step();
        count = sequences * (tokens - 1);
        long started = Stopwatch.GetTimestamp();
        while (engine.HasWork)
        {
            engine.Step();
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static int[] RandomTokens(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1, 256))];
    }
}
