using Qwen3.Cluster.Benchmarks;

switch (args)
{
    case ["tokenizer", .. string[] rest]:
        return TokenizerBenchmark.Run(rest);
    case ["startup", .. string[] rest]:
        return StartupBenchmark.Run(rest);
    default:
        Console.Error.WriteLine("Say which benchmark: tokenizer [DIRECTORY] [TEXT FILE], startup [OPTIONS OF chat]");
        return 1;
}
