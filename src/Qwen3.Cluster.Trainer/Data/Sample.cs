namespace Qwen3.Cluster.Trainer.Data;

/// <summary>A text in tokens.</summary>
/// <param name="Ids">From its first to its last.</param>
/// <param name="IsLearned">For each of them, whether the model has to predict it.</param>
internal sealed record Sample(int[] Ids, bool[] IsLearned);
