namespace Qwen3.Cluster.Trainer.Data.Arithmetic;

/// <summary>
/// Bare equations, the question ending with the sign of equality: a third of the tokens of a conversation, so that one learns three times as many
/// in the same time. They are no questions that anyone asks, and have no thinking.
/// </summary>
internal sealed class EquationTask : ITask
{
    /// <inheritdoc/>
    public Exchange Make(SeededRandom random)
    {
        ArithmeticProblem problem = ArithmeticProblem.Draw(random, heldOut: false);
        return new Exchange($"{problem.Expression} =", [], $" {problem.Result}.");
    }
}
