using System.Security.Cryptography;
using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>A file of questions, a JSON object a line.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Sha256">Of its bytes, in hexadecimal.</param>
/// <param name="Questions">At least one.</param>
public sealed record QuestionFile(string Path, string Sha256, IReadOnlyList<EvalQuestion> Questions)
{
    /// <summary>The set that comes along.</summary>
    public static string Embedded { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "Evaluation", "questions.jsonl");

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="limit">Takes so many, spread evenly over the file; null: all.</param>
    /// <param name="runner">Runs programs that a model writes; null: a file that needs it is refused.</param>
    /// <exception cref="UsageException">There is no such file, or a line of it is wrong.</exception>
    public static QuestionFile Read(string path, int? limit, PythonRunner? runner)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"there is no file {path}: --questions takes a file of questions, a JSON object a line.");
        }

        IQuestionFormat[] formats = [new CodeFormat(runner), new ChoiceFormat(), new TaskFormat(), new ProblemFormat()];
        List<EvalQuestion> questions = [];
        HashSet<string> ids = [];
        int number = 0;
        foreach (string text in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            QuestionLine line = new(path, number, text);
            IQuestionFormat format = formats.FirstOrDefault(format => format.Fits(line))
                ?? throw line.Error("is no question that is known: it needs question or problem, and answer; or question_content, and public_test_cases.");
            EvalQuestion question = format.Read(line);
            questions.Add(ids.Add(question.Id) ? question : throw line.Error($"has the id {question.Id}, which is there already."));
        }

        return questions.Count > 0
            ? new QuestionFile(path, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), Spread(questions, limit ?? questions.Count))
            : throw new UsageException($"{path} has no questions.");
    }

    // Files are often in the order of their tasks: the first ones would be all of one.
    private static IReadOnlyList<EvalQuestion> Spread(List<EvalQuestion> questions, int count) =>
        count >= questions.Count ? questions : [.. Enumerable.Range(0, count).Select(i => questions[(int)((long)i * questions.Count / count)])];
}
