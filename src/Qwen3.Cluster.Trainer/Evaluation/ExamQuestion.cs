using System.Text.Json.Serialization;

namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>
/// A held-out question, and a line of the JSONL that <c>questions</c> writes. A reply is right when its last value, without white space and a full stop
/// after it, is <see cref="Answer"/>: a number (<c>85</c>, <c>-5</c>), a word (<c>TAC</c>) or a list (<c>3, 7, 12</c>). The model is trained to reply with
/// that value and nothing else.
/// </summary>
/// <param name="Id">Unique in its file: task, difficulty, language and a number.</param>
/// <param name="Task">The kind of problem.</param>
/// <param name="Difficulty"><c>easy</c> or <c>hard</c>.</param>
/// <param name="Language">The code of ISO 639-1.</param>
/// <param name="Question">What the user says.</param>
/// <param name="Answer">The value.</param>
internal sealed record ExamQuestion(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("task")] string Task,
    [property: JsonPropertyName("difficulty")] string Difficulty,
    [property: JsonPropertyName("language")] string Language,
    [property: JsonPropertyName("question")] string Question,
    [property: JsonPropertyName("answer")] string Answer)
{
    /// <summary>Whether a reply is right.</summary>
    public bool IsRight(string reply) => reply.Trim().TrimEnd('.', '。').Trim() == Answer;
}
