namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>An answer that is not the right one.</summary>
/// <param name="Question">As asked.</param>
/// <param name="Expected">The right answer.</param>
/// <param name="Actual">What the model answered, without its thinking.</param>
internal sealed record WrongAnswer(string Question, string Expected, string Actual);
