using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// What quantised weights cost: the divergence KL(whole ‖ quantised) of the next token's distributions, in nats, and how often the likeliest token is the
/// same, over the texts that the whole model writes itself, always the likeliest token,
/// to their end or 48 tokens. For the fixtures, which have random weights, and the embedded model.
/// </summary>
internal static class QuantizationBenchmark
{
    private const int PageSize = 16, Texts = 40, NewTokens = 48, RandomPrompt = 8;

    public static int Run()
    {
        foreach (string name in FixtureCheckpoints.Names)
        {
            Random random = new(1);
            int vocabulary = FixtureCheckpoints.Open(name).Config.VocabularySize;
            Measure(name, FixtureCheckpoints.Directory(name), () => [.. Enumerable.Range(0, RandomPrompt).Select(_ => random.Next(vocabulary))]);
        }

        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(EmbeddedModel.Directory);
        ChatTemplate template = ChatTemplate.Load(EmbeddedModel.Directory);
        foreach (bool thinks in (bool[])[false, true])
        {
            Random random = new(1);
            Measure(
                $"{EmbeddedModel.Name}, {(thinks ? "thinking" : "direct")}",
                EmbeddedModel.Directory,
                () => tokenizer.Encode(template.Render(
                    [new ChatMessage(ChatRole.User, $"What is {random.Next(1000)} + {random.Next(1000)}?")], enableThinking: thinks ? null : false)));
        }

        return 0;
    }

    private static void Measure(string name, string directory, Func<int[]> prompt)
    {
        List<int[]> texts = [];
        List<float[]> whole = [];
        Compute(directory, WeightFormat.Stored, (model, vocabulary, ends) =>
        {
            for (int i = 0; i < Texts; i++)
            {
                List<int> ids = [.. prompt()];
                int first = ids.Count - 1;
                for (int token = 0; token < NewTokens && !ends.Contains(ids[^1]); token++)
                {
                    float[] last = Logits(model, [.. ids], LogitRows.Last);
                    ids.Add(last.AsSpan().IndexOf(last.Max()));
                }

                texts.Add([.. ids]);
                whole.Add(Logits(model, texts[i], LogitRows.All)[(first * vocabulary)..^vocabulary]);
            }
        });

        foreach (WeightFormat format in (WeightFormat[])[WeightFormat.Q8, WeightFormat.Q4])
        {
            List<double> divergences = [];
            int same = 0;
            Compute(directory, format, (model, vocabulary, _) =>
            {
                for (int i = 0; i < Texts; i++)
                {
                    float[] logits = Logits(model, texts[i], LogitRows.All)[..^vocabulary][^whole[i].Length..];
                    for (int row = 0; row < whole[i].Length / vocabulary; row++)
                    {
                        Span<float> expected = whole[i].AsSpan(row * vocabulary, vocabulary), actual = logits.AsSpan(row * vocabulary, vocabulary);
                        divergences.Add(Divergence(expected, actual));
                        same += IndexOfMax(expected) == IndexOfMax(actual) ? 1 : 0;
                    }
                }
            });
            divergences.Sort();
            Console.WriteLine(
                $"{name,-36} {format,3}   KL mean {divergences.Average():E1}, median {divergences[divergences.Count / 2]:E1}, "
                + $"99 % {divergences[divergences.Count * 99 / 100]:E1}; the same token {100.0 * same / divergences.Count:F1} %");
        }
    }

    private static void Compute(string directory, WeightFormat format, Action<Qwen3Model, int, IReadOnlyList<int>> work)
    {
        using Checkpoint checkpoint = Checkpoint.Open(directory, format);
        using SimdBackend backend = new(Environment.ProcessorCount);
        using LocalExpertPool experts = new(backend, checkpoint, ExpertLayout.For(checkpoint.Config));
        using Qwen3Model model = Qwen3Model.Load(checkpoint, backend, experts, new CacheOptions(PageSize, 16));
        work(model, checkpoint.Config.VocabularySize, checkpoint.EosTokenIds);
    }

    private static float[] Logits(Qwen3Model model, int[] ids, LogitRows wanted)
    {
        StepBatch batch = new();
        batch.Add(ids, 0, Enumerable.Range(0, model.PageCount).ToArray(), model.ExpertsPerToken, wanted);
        float[] logits = new float[batch.LogitRows.Length * model.VocabularySize];
        model.Forward(batch, logits);
        return logits;
    }

    private static double Divergence(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double expectedSum = LogSum(expected), actualSum = LogSum(actual), divergence = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double log = expected[i] - expectedSum;
            divergence += Math.Exp(log) * (log - (actual[i] - actualSum));
        }

        return Math.Max(0, divergence);
    }

    private static double LogSum(ReadOnlySpan<float> logits)
    {
        double largest = logits[IndexOfMax(logits)], sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - largest);
        }

        return largest + Math.Log(sum);
    }

    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
