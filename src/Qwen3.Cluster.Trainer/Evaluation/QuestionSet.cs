using System.Text.Encodings.Web;
using System.Text.Json;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>Held-out questions of every task, difficulty and language.</summary>
internal static class QuestionSet
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Draws a set: a function of its arguments. No two questions of a set have the same problem in the same language.</summary>
    /// <param name="seed">Another seed gives others.</param>
    /// <param name="count">Of each task, difficulty and language; 1 or more.</param>
    public static IEnumerable<ExamQuestion> Draw(ulong seed, int count)
    {
        ulong place = 0;
        foreach (IProblemKind kind in ProblemKinds.All)
        {
            foreach (Difficulty difficulty in kind.Examined)
            {
                foreach (Language language in Enum.GetValues<Language>())
                {
                    HashSet<string> asked = [];
                    while (asked.Count < count)
                    {
                        SeededRandom random = new(seed, RandomStream.Exam, place++);
                        Problem problem = ProblemTask.Draw(kind, difficulty, random, problem => problem.IsHeldOut);
                        if (asked.Add(problem.Key!))
                        {
                            string hard = difficulty == Difficulty.Hard ? "hard" : "easy";
                            yield return new ExamQuestion(
                                $"{kind.Name}-{hard}-{language.Code()}-{asked.Count}", kind.Name, hard, language.Code(), problem.Ask(language, random), problem.Answer);
                        }
                    }
                }
            }
        }
    }

    /// <summary>A question as a line of JSONL, without the line's end.</summary>
    public static string ToJson(ExamQuestion question) => JsonSerializer.Serialize(question, Json);
}
