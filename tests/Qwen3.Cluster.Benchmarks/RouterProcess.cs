using System.Diagnostics;
using System.Globalization;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>A router in a process of its own, which runs steps when it is told to: with shards on two nodes, of which it is the first, or alone.</summary>
internal static class RouterProcess
{
    public const string Name = "router";
    public const string AloneName = "alone";

    /// <summary>Starts a router whose shards are on its own node and on another, which is to be started.</summary>
    public static ChildProcess Start(string? cores, int port, string directory, int shards) =>
        ChildProcess.Start(cores, Name, $"{port}", directory, $"{shards}");

    /// <summary>Starts a router with the plain pool.</summary>
    public static ChildProcess StartAlone(string? cores, string directory) => ChildProcess.Start(cores, AloneName, directory);

    /// <summary>Has steps run.</summary>
    /// <returns>Milliseconds of one; with <paramref name="way"/> "auto" whether halves are preferred, alone the time at the experts and their imbalance.</returns>
    public static double[] Steps(this ChildProcess process, string way, ActivationPrecision precision, int sequences, int steps) =>
        [.. process.Ask($"{way} {precision} {sequences} {steps}").Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];

    public static async Task<int> Run(string[] args)
    {
        int port = int.Parse(args[0]);
        await using BenchmarkSilo silo = await BenchmarkSilo.Start(port, port, args[1], int.Parse(args[2]), threads: 1);
        Checkpoint checkpoint = (await silo.Files).Checkpoint;
        ShardTable? table = null;
        Serve((way, precision) =>
        {
            table ??= silo.FindShards(nodes: 2).GetAwaiter().GetResult();
            var overlap = new OverlapChoice(way switch { "whole" => false, "halves" => true, _ => null });
            return Trunk.WithShards(checkpoint, threads: 1, precision, sequences: 16, table, overlap);
        });
        return 0;
    }

    public static int RunAlone(string[] args)
    {
        using Checkpoint checkpoint = Checkpoint.Open(args[0]);
        Serve((way, precision) => Trunk.WithLocalPool(checkpoint, threads: int.Parse(way), precision, sequences: 16, isTimed: true));
        return 0;
    }

    private static void Serve(Func<string, ActivationPrecision, Trunk> make)
    {
        var trunks = new Dictionary<(string, ActivationPrecision), Trunk>();
        var decodings = new Dictionary<(Trunk, int), Decoding>();
        ChildProcess.Serve(line =>
        {
            string[] parts = line.Split(' ');
            (string way, ActivationPrecision precision, int sequences, int steps) =
                (parts[0], Enum.Parse<ActivationPrecision>(parts[1]), int.Parse(parts[2]), int.Parse(parts[3]));
            if (!trunks.TryGetValue((way, precision), out Trunk? trunk))
            {
                trunk = trunks[(way, precision)] = make(way, precision);
            }

            if (!decodings.TryGetValue((trunk, sequences), out Decoding? decoding))
            {
                decoding = decodings[(trunk, sequences)] = new Decoding(trunk.Model, sequences, rows: 1, seed: 1);
            }

            (trunk.Experts as TimedPool)?.Reset();
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < steps; i++)
            {
                decoding.Step();
            }

            double time = Stopwatch.GetElapsedTime(started).TotalMilliseconds / steps;
            return trunk.Experts is TimedPool pool
                ? FormattableString.Invariant($"{time} {pool.Time.TotalMilliseconds / steps} {pool.Imbalance}")
                : FormattableString.Invariant($"{time} {(trunk.Overlap.PrefersHalves(hasChunks: false) ? 1 : 0)}");
        });
    }
}
