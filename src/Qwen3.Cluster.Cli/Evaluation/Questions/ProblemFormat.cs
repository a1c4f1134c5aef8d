using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>Problems as AIME and MATH have them, <c>{"problem" or "question", "answer"}</c>, with the words that Qwen recommends for them.</summary>
public sealed class ProblemFormat : IQuestionFormat
{
    private const string Instruction = @"Please reason step by step, and put your final answer within \boxed{}.";

    /// <inheritdoc/>
    public bool Fits(QuestionLine line) => (line.Has("problem") || line.Has("question")) && line.Has("answer");

    /// <inheritdoc/>
    public EvalQuestion Read(QuestionLine line) => new(
        line.Id,
        line.FileName,
        line.TextOrNull("subject", "type") ?? "",
        $"{line.Text("problem", "question")}\n\n{Instruction}",
        new MathScorer(line.Text("answer")));
}
