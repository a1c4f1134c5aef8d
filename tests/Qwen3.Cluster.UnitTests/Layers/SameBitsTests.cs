using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Tests;
using Qwen3.Cluster.UnitTests.Checkpoints.Gguf;

namespace Qwen3.Cluster.UnitTests.Layers;

/// <summary>
/// On the SIMD back-end the bits of a token's logits depend on its sequence alone: equality, not closeness. Each round draws, from its seed,
/// sequences, the cuts of their prompts, who shares a step with whom, the page size and which pages, threads, registers, instructions, the homes of the experts,
/// how exact the way to them is, and whether steps run as two halves meanwhile.
/// </summary>
public sealed class SameBitsTests
{
    private static readonly Dictionary<string, string> Directories = new()
    {
        ["moe"] = RandomCheckpoint.Make(new JsonObject { ["num_attention_heads"] = 6 }, seed: 11),
        ["odd"] = RandomCheckpoint.Make(
            new JsonObject { ["hidden_size"] = 37, ["moe_intermediate_size"] = 13, ["head_dim"] = 10, ["mlp_only_layers"] = new JsonArray(1) },
            TensorType.F32,
            seed: 12),
        ["dense"] = RandomCheckpoint.Make(new JsonObject { ["num_experts"] = 0 }, TensorType.F16, seed: 13),
        ["large"] = RandomCheckpoint.Make(new JsonObject { ["hidden_size"] = 512, ["num_hidden_layers"] = 2 }, seed: 14),
        ["8 bits"] = Packed(TensorType.Q8_0, isMoe: true),
        ["4 bits"] = Packed(TensorType.Q4_0, isMoe: true),
        ["4 bits, dense"] = Packed(TensorType.Q4_0, isMoe: false),
    };

    public static TheoryData<string, int> Rounds
    {
        get
        {
            TheoryData<string, int> rounds = [];
            foreach (string model in Directories.Keys)
            {
                for (int seed = 0; seed < 6; seed++)
                {
                    rounds.Add(model, seed);
                }
            }

            return rounds;
        }
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public void Of_a_sequence_alone_and_of_one_in_any_company(string name, int seed)
    {
        Random random = new(seed);
        int[][] sequences = [.. Enumerable.Range(0, 4).Select(_ => RandomTokens(random, random.Next(1, 60)))];

        ActivationPrecision precision = (ActivationPrecision)random.Next(2);
        CacheFormat cache = (CacheFormat)random.Next(3);
        using TestModel alone = new(Directories[name], new SimdBackend(), new CacheOptions(16, 16, cache), precision: precision);
        float[][][] expected = [.. sequences.Select(sequence => alone.Logits(sequence))];

        int pageSize = new[] { 1, 3, 4, 16, 32 }[random.Next(5)];
        LaneWidth width = (LaneWidth)random.Next(3);
        ByteDots dots = ByteDotsOfMachine.Supported.ElementAt(random.Next(ByteDotsOfMachine.Supported.Count()));
        int threads = random.Next(1, 4);
        int parts = random.Next(1, 5);
        bool overlaps = random.Next(3) > 0;
        string round = $"page size {pageSize}, {width}, {dots}, {threads} threads, {parts} pools, {precision}, {cache}{(overlaps ? ", in halves" : "")}";
        int pages = (60 / pageSize) + 1;
        using TestModel shared = new(
            Directories[name],
            new SimdBackend(threads, width, dots),
            new CacheOptions(pageSize, pages * sequences.Length, cache),
            makePool: (checkpoint, layout) => new SplitExpertPool(checkpoint, layout, parts, seed, () => new SimdBackend(1, width, dots))
            {
                Precision = precision,
                CanOverlap = overlaps,
            });
        int[] shuffled = [.. Enumerable.Range(0, pages * sequences.Length)];
        random.Shuffle(shuffled);
        int[][] tables = [.. shuffled.Chunk(pages)];

        int[] done = new int[sequences.Length];
        StepBatch batch = new();
        while (done.Where((count, i) => count < sequences[i].Length).Any())
        {
            batch.Clear();
            List<float[]> wanted = [];
            for (int i = 0; i < sequences.Length; i++)
            {
                int left = sequences[i].Length - done[i];
                if (left > 0 && random.Next(3) > 0)
                {
                    int count = random.Next(2) == 0 ? 1 : random.Next(1, left + 1);
                    LogitRows rows = (LogitRows)random.Next(3);
                    int skipped = rows switch { LogitRows.All => 0, LogitRows.Last => count - 1, _ => count };
                    batch.Add(sequences[i].AsSpan(done[i], count), done[i], tables[i], int.MaxValue, rows);
                    wanted.AddRange(expected[i].AsSpan(done[i] + skipped, count - skipped));
                    done[i] += count;
                }
            }

            float[][] given = shared.Run(batch);
            Assert.Equal(wanted.Count, given.Length);
            for (int row = 0; row < given.Length; row++)
            {
                Assert.True(wanted[row].AsSpan().SequenceEqual(given[row]), $"{round}: row {row} of a step of {given.Length} has other bits.");
            }
        }
    }

    [Theory]
    [InlineData(CacheFormat.F32, 1)]
    [InlineData(CacheFormat.BF16, 16)]
    [InlineData(CacheFormat.Q8, 48)]
    public void Of_a_long_past_however_threads_share_it(CacheFormat cache, int pageSize)
    {
        // Three blocks of attention: in one step by one thread; token by token at its end, where many threads cut the past by its blocks.
        const int Length = 700, Single = 20;
        int[] sequence = RandomTokens(new Random(pageSize), Length);
        CacheOptions options = new(pageSize, (Length / pageSize) + 1, cache);
        using TestModel whole = new(Directories["moe"], new SimdBackend(), options);
        float[][] expected = whole.Logits(sequence);
        foreach (LaneWidth width in Enum.GetValues<LaneWidth>())
        {
            using TestModel model = new(Directories["moe"], new SimdBackend(7, width, ByteDotsOfMachine.Best), options);
            int[] pages = model.AllPages();
            float[][] chunk = model.Logits(sequence.AsSpan(0, Length - Single), 0, pages);
            float[][] singles = [.. Enumerable.Range(Length - Single, Single).SelectMany(i => model.Logits([sequence[i]], i, pages))];
            Assert.Equal(expected, [.. chunk, .. singles]);
        }
    }

    [Fact]
    public void Not_of_every_cache()
    {
        int[] prompt = RandomTokens(new Random(7), 40);
        float[] exact = Last(CacheFormat.F32), half = Last(CacheFormat.BF16), quarter = Last(CacheFormat.Q8);
        Assert.NotEqual(exact, half);
        Assert.NotEqual(exact, quarter);
        Assert.All(exact.Zip(half), pair => Assert.Equal(pair.First, pair.Second, 0.05));
        Assert.All(exact.Zip(quarter), pair => Assert.Equal(pair.First, pair.Second, 0.1));

        float[] Last(CacheFormat cache)
        {
            using TestModel model = new(Directories["moe"], new SimdBackend(), new CacheOptions(16, 16, cache));
            return model.Logits(prompt)[^1];
        }
    }

    [Fact]
    public void Not_of_every_precision()
    {
        int[] prompt = RandomTokens(new Random(7), 5);
        using TestModel exact = new(Directories["moe"], new SimdBackend());
        using TestModel rounded = new(Directories["moe"], new SimdBackend(), precision: ActivationPrecision.BFloat16);
        float[] expected = exact.Logits(prompt)[^1];
        float[] given = rounded.Logits(prompt)[^1];
        Assert.NotEqual(expected, given);
        Assert.All(expected.Zip(given), pair => Assert.Equal(pair.First, pair.Second, 0.1));
    }

    [Fact]
    public void Of_every_width_of_registers_and_every_number_of_threads()
    {
        int[] prompt = RandomTokens(new Random(7), 50);
        float[][]? expected = null;
        foreach (LaneWidth width in Enum.GetValues<LaneWidth>())
        {
            for (int threads = 1; threads <= 3; threads++)
            {
                using TestModel model = new(Directories["large"], new SimdBackend(threads, width));
                float[][] logits = model.Logits(prompt);
                expected ??= logits;
                Assert.Equal(expected, logits);
            }
        }
    }

    // A file of packed weights, which goes with the process.
    private static string Packed(TensorType type, bool isMoe)
    {
        GgufBuilder builder = new(type, isMoe);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => builder.Dispose();
        return builder.Write();
    }

    private static int[] RandomTokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(128))];
}
