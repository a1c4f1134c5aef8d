namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Problems of one kind and difficulty in words, for training.</summary>
internal sealed class ProblemTask(IProblemKind kind, Difficulty difficulty) : ITask
{
    /// <inheritdoc/>
    public Exchange Make(SeededRandom random)
    {
        Problem problem = Draw(kind, difficulty, random, problem => problem.IsForTraining);
        return new Exchange(problem.Ask(LanguageNames.Draw(random), random), problem.Thought.Paragraphs, problem.Answer);
    }

    /// <summary>Draws until a problem is on the side that is wanted.</summary>
    public static Problem Draw(IProblemKind kind, Difficulty difficulty, SeededRandom random, Func<Problem, bool> isWanted)
    {
        while (true)
        {
            Problem problem = kind.Draw(random, difficulty);
            if (isWanted(problem))
            {
                return problem;
            }
        }
    }
}
