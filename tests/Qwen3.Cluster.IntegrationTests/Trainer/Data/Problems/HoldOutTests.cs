using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Problems;
using Qwen3.Cluster.Trainer.Evaluation;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data.Problems;

/// <summary>That no training text holds a question of an exam.</summary>
public partial class HoldOutTests
{
    [Fact]
    public void TheRuleHoldsOutOneInTwentyOfEachTask()
    {
        foreach (IProblemKind kind in ProblemKinds.All)
        {
            int heldOut = 0, keys = 0;
            foreach (Difficulty difficulty in kind.Difficulties)
            {
                HashSet<string> different = [];
                for (ulong i = 0; i < 2_000; i++)
                {
                    if (kind.Draw(new SeededRandom(5, RandomStream.Training, i), difficulty).Key is { } key && different.Add(key))
                    {
                        keys++;
                        heldOut += HoldOut.Holds(key) ? 1 : 0;
                    }
                }
            }

            Assert.InRange((double)heldOut / keys, 0.025, 0.075);
        }
    }

    [Fact]
    public void TrainingAndExamShareNoProblem()
    {
        foreach (IProblemKind kind in ProblemKinds.All)
        {
            foreach (Difficulty difficulty in kind.Difficulties)
            {
                HashSet<string> asked = [];
                for (ulong i = 0; i < 300; i++)
                {
                    asked.Add(ProblemTask.Draw(kind, difficulty, new SeededRandom(1, RandomStream.Exam, i), problem => problem.IsHeldOut).Key!);
                }

                for (ulong i = 0; i < 1_000; i++)
                {
                    Problem trained = ProblemTask.Draw(kind, difficulty, new SeededRandom(1, RandomStream.Training, i), problem => problem.IsForTraining);
                    Assert.False(trained.Key is { } own && asked.Contains(own), trained.Key);
                    Assert.False(asked.Overlaps(trained.Thought.Keys), trained.Key);
                }
            }
        }
    }

    // By the texts themselves, whatever made them: all phases, and what the tokenizer is made from.
    [Fact]
    public void NoTextOfAPhaseAsksOrSolvesAHeldOutProblem()
    {
        HashSet<string> questions = [.. QuestionSet.Draw(seed: 1, count: 40).Select(question => question.Question)];
        int found = 0;
        foreach (ISampleSource source in Curriculum.Embedded.Phases.Select(phase => phase.Source).Append(Curriculum.Embedded.Vocabulary))
        {
            for (ulong i = 0; i < 1_500; i++)
            {
                string text = string.Concat(source.Make(new SeededRandom(1, RandomStream.Training, i)).Select(piece => piece.Text));
                foreach (string line in text.Split('\n', '>', '<'))
                {
                    Assert.False(questions.Contains(line.Replace(" /no_think", "", StringComparison.Ordinal).Replace(" /think", "", StringComparison.Ordinal)), line);
                }

                foreach (Match match in TwoNumbers().Matches(text))
                {
                    found++;
                    (long left, long right) = (Number(match, 1), Number(match, 3));
                    string? key = match.Groups[2].Value.Trim() switch
                    {
                        "+" => ProblemKey.Sum(left, right),
                        "*" or "×" => ProblemKey.Product(left, right),
                        _ => ProblemKey.Difference(left, right),
                    };
                    Assert.False(HoldOut.Holds(key), match.Value);
                }
            }
        }

        Assert.InRange(found, 5_000, int.MaxValue);
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    // Two numbers and a sign as a question has them, or a step ends with them; not a part of something longer. What is left of two longer numbers, 81+2: 1+2=3, is no problem of its own.
    [GeneratedRegex(@"(?<![\d.+*×−(/-] ?)(?<!\d)(\d+)( ?[+*×−-] ?)(\d+)(?=$|[\s?.。？等是=]| =)(?! ?[+*×−/-])", RegexOptions.Multiline)]
    private static partial Regex TwoNumbers();
}
