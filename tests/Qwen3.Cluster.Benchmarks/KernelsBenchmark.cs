using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Products with packed weights against what the machine can do: bytes a second of one to four tokens against a plain read of the same bytes, operations a
/// second of many tokens against fused multiply-adds of float32 that touch no memory. By turns, on the same threads.
/// </summary>
internal static class KernelsBenchmark
{
    // More than any cache holds.
    private const int VectorRows = 96 * 1024;
    private const int Columns = 2048;

    // An expert of Qwen3-30B-A3B: gate or up.
    private const int MatrixRows = 768;
    private const int MatrixRepeats = 24;

    /// <summary>Runs it.</summary>
    public static int Run(string[] args)
    {
        BenchmarkArguments arguments = new(args, "threads", "rounds");
        int threads = arguments.Get("threads", Environment.ProcessorCount);
        int rounds = arguments.Get("rounds", 11);
        using ComputeTeam team = new(threads);
        Console.WriteLine($"{threads} threads, {rounds} rounds by turns, medians; best instructions: {ByteDotsOfMachine.Best}");
        MatrixVector(team, rounds);
        MatrixMatrix(team, rounds);
        return 0;
    }

    private static void MatrixVector(ComputeTeam team, int rounds)
    {
        Console.WriteLine($"{"few tokens, from memory",-28} {"GB/s",8}   share of a plain read");
        foreach (TensorType type in (TensorType[])[TensorType.Q8, TensorType.Q4])
        {
            foreach (int tokens in (int[])[1, 2, 4])
            {
                using KernelCase few = new(team, type, VectorRows, Columns, tokens);
                ByteDots[] ways = [.. ByteDotsOfMachine.Supported];
                double bytes = few.Weight.ByteCount;
                Rounds times = Rounds.Run(rounds, [() => few.Read(), .. ways.Select(way => (Func<double>)(() => few.Multiply(way)))]);
                Console.WriteLine($"{type.FormatName() + " plain read",-28} {bytes / times.Median(0) / 1e9,8:0.0}");
                for (int i = 0; i < ways.Length; i++)
                {
                    Console.WriteLine($"{$"{type.FormatName()} × {tokens} {ways[i]}",-28} {bytes / times.Median(i + 1) / 1e9,8:0.0}   {times.Ratio(0, i + 1)}");
                }
            }
        }
    }

    private static void MatrixMatrix(ComputeTeam team, int rounds)
    {
        Console.WriteLine($"{"many tokens",-24} {"GOP/s",8}   times the peak of float32");
        foreach (TensorType type in (TensorType[])[TensorType.Q8, TensorType.Q4])
        {
            foreach (int tokens in (int[])[2, 4, 8, 32, 128, 512])
            {
                using KernelCase many = new(team, type, MatrixRows, Columns, tokens);
                ByteDots[] ways = [.. ByteDotsOfMachine.Supported.Where(way => way != ByteDots.Portable)];
                int repeats = Math.Max(1, MatrixRepeats * 32 / tokens);
                double operations = 2.0 * MatrixRows * Columns * tokens;
                Rounds times = Rounds.Run(
                    rounds,
                    [
                        () => many.Peak(operations),
                        .. ways.Select(way => (Func<double>)(() =>
                        {
                            double seconds = 0;
                            for (int i = 0; i < repeats; i++)
                            {
                                seconds += many.Multiply(way);
                            }

                            return seconds / repeats;
                        })),
                    ]);
                for (int i = 0; i < ways.Length; i++)
                {
                    Console.WriteLine(
                        $"{type.FormatName() + " " + ways[i] + " × " + tokens,-24} {operations / times.Median(i + 1) / 1e9,8:0}   {times.Ratio(0, i + 1)}"
                        + (i == 0 ? $"   (peak {operations / times.Median(0) / 1e9:0})" : ""));
                }
            }
        }
    }
}
