namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>A tensor that a config calls for.</summary>
/// <param name="Name">Its name in the files.</param>
/// <param name="Shape">[rows, columns] or [elements].</param>
public sealed record ExpectedTensor(string Name, int[] Shape);
