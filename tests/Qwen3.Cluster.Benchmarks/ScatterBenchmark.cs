using System.Diagnostics;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// One layer's way to the experts of other processes and back, by links and by grain calls to the same shards, whose experts give back what
/// they are given: microseconds a layer. For comparison the way to shards of this process, by reference, by a link to itself, and by grain calls.
/// </summary>
internal static class ScatterBenchmark
{
    private const int ExpertsPerToken = 8;

    public static async Task<int> Run(string[] args)
    {
        var arguments = new BenchmarkArguments(args, "shards", "rounds", "layers");
        int rounds = arguments.Get("rounds", 15);
        int shards = arguments.Get("shards", 16);
        int layers = arguments.Get("layers", 200);
        await Measure(processes: 1, shards, layers, rounds);
        foreach (int processes in (int[])[2, 4])
        {
            await Measure(processes, shards, layers, rounds);
        }

        return 0;
    }

    private static async Task Measure(int processes, int shards, int layers, int rounds)
    {
        bool isAlone = processes == 1;
        string directory = RandomModel.Weightless();
        int port = BenchmarkSilo.FreePort();
        await using BenchmarkSilo silo = await BenchmarkSilo.Start(port, port, directory, shards, threads: 1, "weightless", onlyOthersKeepShards: !isAlone);
        ChildProcess[] nodes =
        [
            .. Enumerable.Range(0, isAlone ? 0 : processes).Select(_ => NodeProcess.Start(null, port, directory, shards, "weightless", onlyOthersKeepShards: true)),
        ];
        Checkpoint checkpoint = (await silo.Files).Checkpoint;
        ShardTable table = await silo.FindShards(processes);
        ShardTable[] ways = [table, await silo.OverTcp(table), BenchmarkSilo.OverGrains(table)];
        string first = isAlone ? "reference" : "Unix socket";
        Console.WriteLine($"{processes} processes, {shards} shards{first,14}       TCP   grain calls   grain calls / {first,-38} / TCP");
        foreach ((int tokens, ActivationPrecision precision) in new[]
        {
            (1, ActivationPrecision.Float32), (1, ActivationPrecision.BFloat16), (16, ActivationPrecision.Float32), (16, ActivationPrecision.BFloat16),
        })
        {
            RoutedTokens routed = RandomTokens(checkpoint.Config, tokens);
            precision.Round(routed.Inputs.Span);
            ClusterExpertPool[] pools = [.. ways.Select(table => Trunk.PoolOf(checkpoint, precision, table))];
            Rounds result = Rounds.Run(rounds, [.. pools.Select(pool => (Func<double>)(() => Time(pool, routed, layers)))]);
            Console.WriteLine(
                $"{tokens,3} x {ExpertsPerToken}, {precision,-9}{result.Median(0),15:0} µs{result.Median(1),7:0} µs{result.Median(2),11:0} µs   {result.Ratio(2, 0),-52} {result.Ratio(2, 1)}");
        }

        foreach (ChildProcess node in nodes)
        {
            node.Dispose();
        }
    }

    private static double Time(ClusterExpertPool pool, RoutedTokens routed, int layers)
    {
        routed.Outputs.Span.Clear();
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < layers; i++)
        {
            pool.Begin(0, routed).Finish();
        }

        double microseconds = Stopwatch.GetElapsedTime(started).TotalMicroseconds / layers;
        Check(routed);
        return microseconds;
    }

    private static RoutedTokens RandomTokens(ModelConfig config, int tokens)
    {
        var random = new Random(1);
        var routed = new RoutedTokens(config.HiddenSize, ExpertsPerToken);
        routed.Reset(tokens);
        for (int token = 0; token < tokens; token++)
        {
            float[] probabilities = [.. Enumerable.Range(0, config.ExpertCount).Select(_ => random.NextSingle())];
            routed.ChooseTop(token, probabilities, ExpertsPerToken, ExpertsPerToken, normalize: true);
        }

        foreach (ref float value in routed.Inputs.Span)
        {
            value = random.NextSingle() - 0.5f;
        }

        return routed;
    }

    private static void Check(RoutedTokens routed)
    {
        int width = routed.HiddenSize;
        for (int slot = 0; slot < routed.TokenCount * routed.MaxChoices; slot++)
        {
            ReadOnlySpan<float> input = routed.Inputs.Span.Slice(slot / routed.MaxChoices * width, width);
            if (!routed.Outputs.Span.Slice(slot * width, width).SequenceEqual(input))
            {
                throw new InvalidOperationException($"The answer in slot {slot} is not what was sent.");
            }
        }
    }
}
