using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>A question, ready to be asked.</summary>
/// <param name="Id">Unique in a run: the file's name and the question's own id, or its line.</param>
/// <param name="Group">A line of the plot: the difficulty, or the file's name.</param>
/// <param name="Task">The kind of question; empty where the file does not say.</param>
/// <param name="Prompt">What the user says.</param>
/// <param name="Scorer">Knows the answer.</param>
public sealed record EvalQuestion(string Id, string Group, string Task, string Prompt, IScorer Scorer);
