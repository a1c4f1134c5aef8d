using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>The set that comes along: <c>{"id", "task", "difficulty": "easy" or "hard", "language", "question", "answer"}</c>, asked as it stands.</summary>
public sealed class TaskFormat : IQuestionFormat
{
    /// <inheritdoc/>
    public bool Fits(QuestionLine line) => line.Has("task") && line.Has("difficulty");

    /// <inheritdoc/>
    public EvalQuestion Read(QuestionLine line)
    {
        string difficulty = line.Text("difficulty");
        return difficulty is "easy" or "hard"
            ? new EvalQuestion(line.Id, difficulty, line.Text("task"), line.Text("question"), new ValueScorer(line.Text("answer")))
            : throw line.Error($"has the difficulty {difficulty}: it must be easy or hard.");
    }
}
