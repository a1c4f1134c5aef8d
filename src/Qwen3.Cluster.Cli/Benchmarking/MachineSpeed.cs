namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>What a machine could do if nothing held it up; both measured, with as many threads as the model uses.</summary>
/// <param name="ReadBytesPerSecond">Reading memory in order, far more of it than the caches hold.</param>
/// <param name="OperationsPerSecond">
/// Multiplications and additions of float32 in registers; of bytes for packed weights, where the processor has an instruction for them.
/// </param>
/// <param name="Instruction">What the operations were measured with.</param>
public sealed record MachineSpeed(double ReadBytesPerSecond, double OperationsPerSecond, string Instruction);
