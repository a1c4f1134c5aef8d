using System.Diagnostics;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Whole steps of Qwen3-30B-A3B, cut to some layers, with random packed weights: tokens a second, and the weights' bytes that a step reads against what
/// a plain read takes for as many. By turns.
/// </summary>
internal static class DecodeBenchmark
{
    private const int MostSequences = 16;
    private const int PromptLength = 256;

    // What is read plainly: more than any cache holds.
    private const int PlainRows = 96 * 1024;
    private const int PlainColumns = 2048;

    /// <summary>Runs it.</summary>
    public static int Run(string[] args)
    {
        BenchmarkArguments arguments = new(args, "format", "layers", "threads", "rounds");
        int threads = arguments.Get("threads", Environment.ProcessorCount);
        int rounds = arguments.Get("rounds", 11);
        TensorType type = arguments.Get("format", TensorType.Q4);
        using PackedModel packed = new(type, arguments.Get("layers", 4), threads, MostSequences);
        using ComputeTeam team = new(threads);
        using KernelCase plain = new(team, type, PlainRows, PlainColumns, tokens: 1);
        Way[] ways = [new(packed, 1, 1, 16), new(packed, MostSequences, 1, 4), new(packed, 1, PromptLength, 1)];
        Rounds times = Rounds.Run(rounds, [plain.Read, .. ways.Select(way => (Func<double>)way.Run)]);
        double bytesOfSecond = plain.Weight.ByteCount / times.Median(0);
        Console.WriteLine(
            $"{type.FormatName()}, {threads} threads, {rounds} rounds by turns, medians; a plain read: {bytesOfSecond / 1e9:0.0} GB/s");
        Console.WriteLine($"{"a step of",-28} {"tokens/s",10} {"ms",8} {"share",8}   of a plain read of its weights; of the fastest rounds");
        for (int i = 0; i < ways.Length; i++)
        {
            double seconds = times.Median(i + 1);
            Console.WriteLine(
                $"{ways[i],-28} {ways[i].Tokens / seconds,10:0.0} {seconds * 1e3,8:0.00} {Share(times.Median(0), seconds),8:0.000}   {Share(times.Fastest(0), times.Fastest(i + 1)):0.000}");

            double Share(double read, double step) => ways[i].BytesOfStep / plain.Weight.ByteCount * read / step;
        }

        return 0;
    }

    private sealed class Way(PackedModel packed, int sequences, int rows, int steps)
    {
        private readonly Decoding _decoding = new(packed.Model, sequences, rows, seed: 1);
        private long _experts;
        private long _steps;

        public int Tokens => sequences * rows;

        public double BytesOfStep => packed.TrunkBytes + ((double)_experts / _steps * packed.ExpertBytes);

        public double Run()
        {
            long before = packed.Counted.DistinctExperts;
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < steps; i++)
            {
                _decoding.Step();
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
            _experts += packed.Counted.DistinctExperts - before;
            _steps += steps;
            return seconds;
        }

        public override string ToString() => $"{sequences} × {rows} tokens";
    }
}
