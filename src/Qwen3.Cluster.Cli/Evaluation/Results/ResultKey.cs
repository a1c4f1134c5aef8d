namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>What is asked once.</summary>
/// <param name="Setting">The setting's name.</param>
/// <param name="Question">The question's id.</param>
/// <param name="Sample">Which of the replies; from 0.</param>
public readonly record struct ResultKey(string Setting, string Question, int Sample);
