using System.Diagnostics;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// What grains cost in one process: a step of Qwen3-30B-A3B, cut to some layers, with the plain pool of experts; with the shards of a silo, by
/// reference as a router has them; and with a grain call for each shard.
/// </summary>
internal static class DispatchBenchmark
{
    public static async Task<int> Run(string[] args)
    {
        var arguments = new BenchmarkArguments(args, "layers", "shards", "threads", "rounds");
        int rounds = arguments.Get("rounds", 25);
        int threads = arguments.Get("threads", Environment.ProcessorCount);
        string directory = RandomModel.Qwen3_30B(arguments.Get("layers", 8));
        int port = BenchmarkSilo.FreePort();
        await using BenchmarkSilo silo = await BenchmarkSilo.Start(port, port, directory, arguments.Get("shards", 16), threads);
        Checkpoint checkpoint = (await silo.Files).Checkpoint;
        ShardTable shards = await silo.FindShards(nodes: 1);
        Trunk[] ways =
        [
            Trunk.WithLocalPool(checkpoint, threads, ActivationPrecision.Float32, sequences: 16),
            Trunk.WithShards(checkpoint, threads, ActivationPrecision.Float32, sequences: 16, shards),
            Trunk.WithShards(checkpoint, threads, ActivationPrecision.Float32, sequences: 16, BenchmarkSilo.OverGrains(shards)),
        ];
        Console.WriteLine("step            plain pool    shards by reference   ratio                 by grain calls   ratio");
        Measure("1 sequence", ways, rounds, sequences: 1, rows: 1, steps: 5);
        Measure("16 sequences", ways, rounds, sequences: 16, rows: 1, steps: 1);
        Measure("chunk of 256", ways, rounds, sequences: 1, rows: 256, steps: 1);
        foreach (Trunk way in ways)
        {
            way.Dispose();
        }

        return 0;
    }

    private static void Measure(string name, Trunk[] ways, int rounds, int sequences, int rows, int steps)
    {
        Decoding[] decodings = [.. ways.Select(way => new Decoding(way.Model, sequences, rows, seed: 1))];
        Rounds result = Rounds.Run(rounds, [.. decodings.Select(decoding => (Func<double>)(() =>
        {
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < steps; i++)
            {
                decoding.Step();
            }

            return Stopwatch.GetElapsedTime(started).TotalMilliseconds / steps;
        }))]);
        if (decodings.Any(decoding => !decoding.Logits.SequenceEqual(decodings[0].Logits)))
        {
            throw new InvalidOperationException("The ways differ in their logits.");
        }

        Console.WriteLine($"{name,-13}{result.Median(0),10:0.00} ms{result.Median(1),17:0.00} ms   {result.Ratio(1, 0)}{result.Median(2),10:0.00} ms   {result.Ratio(2, 0)}");
    }
}
