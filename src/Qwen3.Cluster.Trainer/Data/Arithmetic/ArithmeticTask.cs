namespace Qwen3.Cluster.Trainer.Data.Arithmetic;

/// <summary>Sums and differences of numbers of up to three digits, negative differences among them.</summary>
/// <param name="heldOut">False: for training, no problem that is held out. True: for an exam, those alone.</param>
internal sealed class ArithmeticTask(bool heldOut) : ITask
{
    /// <inheritdoc/>
    public Exchange Make(SeededRandom random)
    {
        ArithmeticProblem problem = ArithmeticProblem.Draw(random, heldOut);
        return new Exchange(
            ArithmeticPhrases.Ask(problem, random), ColumnThinking.StepsOf(problem), $"{problem.Expression} = {problem.Result}.");
    }
}
