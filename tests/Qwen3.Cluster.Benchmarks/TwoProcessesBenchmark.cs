using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Two processes with one pinned core each, half of the shards on each and the router on the first, against one process with two threads on the
/// same cores: tokens per second of Qwen3-30B-A3B cut to some layers.
/// </summary>
internal static class TwoProcessesBenchmark
{
    public static int Run(string[] args)
    {
        var arguments = new BenchmarkArguments(args, "layers", "shards", "rounds");
        int rounds = arguments.Get("rounds", 25);
        int shards = arguments.Get("shards", 16);
        string directory = RandomModel.Qwen3_30B(arguments.Get("layers", 8));
        int port = BenchmarkSilo.FreePort();
        using ChildProcess alone = RouterProcess.StartAlone("0,1", directory);
        using ChildProcess router = RouterProcess.Start("0", port, directory, shards);
        using ChildProcess node = NodeProcess.Start("1", port, directory, shards, "simd", onlyOthersKeepShards: false);
        foreach (int sequences in (int[])[1, 16])
        {
            foreach (ActivationPrecision precision in Enum.GetValues<ActivationPrecision>())
            {
                Measure(alone, router, precision, sequences, sequences == 1 ? 5 : 1, rounds);
            }
        }

        return 0;
    }

    private static void Measure(ChildProcess alone, ChildProcess router, ActivationPrecision precision, int sequences, int steps, int rounds)
    {
        List<double[]> one = [], two = [];
        bool prefersHalves = false;
        Func<double>[] ways =
        [
            () => Keep(two, alone.Steps("2", precision, sequences, steps)),
            () => Keep(one, alone.Steps("1", precision, sequences, steps)),
            () =>
            {
                double[] answer = router.Steps("auto", precision, sequences, steps);
                prefersHalves = answer[1] != 0;
                return answer[0];
            },
            () => router.Steps("whole", precision, sequences, steps)[0],
            () => router.Steps("halves", precision, sequences, steps)[0],
        ];
        Rounds result = Rounds.Run(rounds, sequences == 1 ? ways[..3] : ways);
        Console.WriteLine($"{sequences} sequences, {precision}: speed of two processes over that of one with two threads {result.Ratio(0, 2)}");
        Console.WriteLine($"  one process    two threads {Speed(0)} tokens/s, one thread {Speed(1)}");
        Console.WriteLine(sequences == 1
            ? $"  two processes  {Speed(2)} tokens/s"
            : $"  two processes  {Speed(2)} tokens/s, prefers {(prefersHalves ? "halves" : "whole steps")}; always whole {Speed(3)}, {result.Ratio(0, 3)}; always halves {Speed(4)}, {result.Ratio(0, 4)}");

        // The trunk has one core instead of two; at the experts each core reads what its own half is asked.
        (double trunkOfOne, double trunkOfTwo) = (one.Min(part => part[0] - part[1]), two.Min(part => part[0] - part[1]));
        (double expertsOfOne, double expertsOfTwo, double imbalance) = (one.Min(part => part[1]), two.Min(part => part[1]), two.Average(part => part[2]));
        Console.WriteLine(
            $"  fastest: trunk {trunkOfTwo:0.00} ms with two threads, {trunkOfOne:0.00} with one; experts {expertsOfTwo:0.00} and {expertsOfOne:0.00} ms; busier half {imbalance:0.00} of the mean");
        Console.WriteLine($"  so that whole steps over a wire that costs nothing could reach {(trunkOfTwo + expertsOfTwo) / (trunkOfOne + (imbalance * expertsOfTwo)):0.00}");

        string Speed(int way) => $"{sequences * 1000 / result.Median(way):0.0} (fastest {sequences * 1000 / result.Fastest(way):0.0})";
    }

    private static double Keep(List<double[]> parts, double[] part)
    {
        parts.Add(part);
        return part[0];
    }
}
