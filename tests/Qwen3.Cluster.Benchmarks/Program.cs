using Qwen3.Cluster.Benchmarks;

switch (args)
{
    case ["tokenizer", .. string[] rest]:
        return TokenizerBenchmark.Run(rest);
    case ["startup", .. string[] rest]:
        return StartupBenchmark.Run(rest);
    case ["dispatch", .. string[] rest]:
        return await DispatchBenchmark.Run(rest);
    case ["scatter", .. string[] rest]:
        return await ScatterBenchmark.Run(rest);
    case [NodeProcess.Name, .. string[] rest]:
        return await NodeProcess.Run(rest);
    default:
        Console.Error.WriteLine(
            """
            Say which benchmark:
              tokenizer [DIRECTORY] [TEXT FILE]
              startup [OPTIONS OF chat]
              dispatch [--layers 8] [--shards 16] [--threads N] [--rounds 9]
              scatter [--shards 16] [--layers 200] [--rounds 15]
            """);
        return 1;
}
