namespace Qwen3.Cluster.Benchmarks;

/// <summary>A silo in a process of its own, which holds shards until it is closed.</summary>
internal static class NodeProcess
{
    public const string Name = "node";

    /// <summary>Starts one in the cluster of a silo that is there.</summary>
    /// <param name="cores">As <see cref="ChildProcess.Start"/> takes them.</param>
    /// <param name="primaryPort">Of the silo that keeps the list of all.</param>
    /// <param name="directory">The model.</param>
    /// <param name="shards">Shards of the model.</param>
    /// <param name="backend">The back-end's name.</param>
    /// <param name="onlyOthersKeepShards">As <see cref="BenchmarkSilo.Start"/> takes it.</param>
    public static ChildProcess Start(string? cores, int primaryPort, string directory, int shards, string backend, bool onlyOthersKeepShards) =>
        ChildProcess.Start(cores, Name, $"{BenchmarkSilo.FreePort()}", $"{primaryPort}", directory, $"{shards}", backend, $"{onlyOthersKeepShards}");

    public static async Task<int> Run(string[] args)
    {
        await using BenchmarkSilo silo = await BenchmarkSilo.Start(
            int.Parse(args[0]), int.Parse(args[1]), args[2], int.Parse(args[3]), threads: 1, args[4], bool.Parse(args[5]));
        ChildProcess.Serve(_ => "");
        return 0;
    }
}
