namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>What a model replied.</summary>
/// <param name="Question">To what.</param>
/// <param name="Answer">Without its thinking.</param>
/// <param name="Thinking">Its thinking.</param>
/// <param name="Sureness">The probability that the model gave to the whole answer, 0 to 1: the product of its tokens'.</param>
/// <param name="Tokens">Of the whole reply.</param>
internal sealed record ExamReply(ExamQuestion Question, string Answer, string Thinking, double Sureness, int Tokens)
{
    /// <summary>Whether it is right.</summary>
    public bool IsRight => Question.IsRight(Answer);
}
