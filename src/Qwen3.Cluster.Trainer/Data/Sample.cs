namespace Qwen3.Cluster.Trainer.Data;

/// <summary>A conversation in tokens.</summary>
/// <param name="Ids">Prompt and reply.</param>
/// <param name="IsLearned">For each of them, whether the model has to predict it.</param>
internal sealed record Sample(int[] Ids, bool[] IsLearned);
