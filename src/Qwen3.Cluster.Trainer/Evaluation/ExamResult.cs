namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>How a model did in one mode.</summary>
/// <param name="Asked">Questions.</param>
/// <param name="Wrong">Those whose answer was not the right one to the letter.</param>
internal sealed record ExamResult(int Asked, IReadOnlyList<WrongAnswer> Wrong)
{
    /// <summary>Answered exactly, in percent.</summary>
    public double Percent => 100.0 * (Asked - Wrong.Count) / Asked;
}
