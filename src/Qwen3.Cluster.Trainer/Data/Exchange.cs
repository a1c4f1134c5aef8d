namespace Qwen3.Cluster.Trainer.Data;

/// <summary>A question and its reply.</summary>
/// <param name="Question">What the user says.</param>
/// <param name="Steps">The thinking, paragraph by paragraph; without blank lines in them; none for what is never thought through.</param>
/// <param name="Answer">What the assistant says, in one line.</param>
internal sealed record Exchange(string Question, IReadOnlyList<string> Steps, string Answer);
