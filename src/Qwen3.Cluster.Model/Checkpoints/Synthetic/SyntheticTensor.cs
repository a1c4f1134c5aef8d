namespace Qwen3.Cluster.Model.Checkpoints.Synthetic;

/// <summary>A tensor of a checkpoint that is made up.</summary>
/// <param name="Name">As Hugging Face has it.</param>
/// <param name="Type">BF16, Q8 or Q4.</param>
/// <param name="Shape">[rows, columns], or [elements] of a norm.</param>
/// <param name="ByteCount">Bytes that it takes.</param>
internal sealed record SyntheticTensor(string Name, TensorType Type, int[] Shape, long ByteCount);
