using Qwen3.Cluster.Benchmarks;

switch (args)
{
    case ["tokenizer", .. string[] rest]:
        return TokenizerBenchmark.Run(rest);
    default:
        Console.Error.WriteLine("Say which benchmark: tokenizer [DIRECTORY] [TEXT FILE]");
        return 1;
}
