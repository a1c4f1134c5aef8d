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
    case ["allocation", .. string[] rest]:
        return await AllocationBenchmark.Run(rest);
    case ["speculation", .. string[] rest]:
        return SpeculationBenchmark.Run(rest);
    case ["deadlines", .. string[] rest]:
        return await DeadlineBenchmark.Run(rest);
    case ["kernels", .. string[] rest]:
        return KernelsBenchmark.Run(rest);
    case ["decode", .. string[] rest]:
        return DecodeBenchmark.Run(rest);
    case ["quantization"]:
        return QuantizationBenchmark.Run();
    case ["two-processes", .. string[] rest]:
        return TwoProcessesBenchmark.Run(rest);
    case [RouterProcess.Name, .. string[] rest]:
        return await RouterProcess.Run(rest);
    case [RouterProcess.AloneName, .. string[] rest]:
        return RouterProcess.RunAlone(rest);
    case [NodeProcess.Name, .. string[] rest]:
        return await NodeProcess.Run(rest);
    default:
        Console.Error.WriteLine(
            """
            Say which benchmark:
              tokenizer [DIRECTORY] [TEXT FILE]
              startup [OPTIONS OF chat]
              dispatch [--layers 8] [--shards 16] [--threads N] [--rounds 25]
              scatter [--shards 16] [--layers 200] [--rounds 15]
              allocation
              speculation [--layers 0] [--tokens 200] [--threads N] [--rounds 7]
              deadlines [--seconds 30] [--seed 1] [--threads N]
              kernels [--threads N] [--rounds 11]
              decode [--format Q4] [--layers 4] [--threads N] [--rounds 11]
              quantization
              two-processes [--layers 8] [--shards 16] [--rounds 25]
            """);
        return 1;
}
