using System.Text.Json;
using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>
/// Programs to write, as LiveCodeBench has them: <c>{"question_content", "starter_code", "public_test_cases", "metadata"}</c>, with its words. Of its private tests only
/// those in plain JSON are run; the others are Python's pickles, which would be code of the file's author.
/// </summary>
/// <param name="runner">Runs what the model writes; null: the user has not allowed it.</param>
public sealed class CodeFormat(PythonRunner? runner) : IQuestionFormat
{
    /// <inheritdoc/>
    public bool Fits(QuestionLine line) => line.Has("question_content");

    /// <inheritdoc/>
    public EvalQuestion Read(QuestionLine line)
    {
        if (runner is null)
        {
            throw line.Error("asks for a program, and telling whether one is right means running what the model wrote on this machine, as you: --run-code allows it.");
        }

        CodeTest[] tests = [.. Tests(line, "public_test_cases", isOptional: false), .. Tests(line, "private_test_cases", isOptional: true)];
        string? function = FunctionName(line);
        if (function is not null && tests.FirstOrDefault(test => !IsJson(test.Output)) is { } broken)
        {
            throw line.Error($"has a test of {function} whose output is no JSON: {broken.Output}");
        }

        string form = line.TextOrNull("starter_code") is { } starter
            ? $"You will use the following starter code to write the solution to the problem and enclose your code within delimiters.\n```python\n{starter}\n```"
            : "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on the sample inputs). Enclose your code within "
                + "delimiters as follows. Ensure that when the python program runs, it reads the inputs, runs the algorithm and writes output to STDOUT.\n"
                + "```python\n# YOUR CODE HERE\n```";
        return new EvalQuestion(
            line.Id,
            line.FileName,
            line.TextOrNull("difficulty") ?? "",
            $"### Question:\n{line.Text("question_content")}\n\n### Format: {form}\n\n### Answer: (use the provided format with backticks)\n",
            new CodeScorer(tests, function, runner));
    }

    private static IEnumerable<CodeTest> Tests(QuestionLine line, string field, bool isOptional)
    {
        if (isOptional && (line.TextOrNull(field) is not { } packed || !IsJson(packed)))
        {
            return [];
        }

        try
        {
            JsonElement tests = line.Field(field);
            JsonElement list = tests.ValueKind == JsonValueKind.String ? JsonDocument.Parse(tests.GetString()!).RootElement : tests;
            CodeTest[] read = [.. list.EnumerateArray().Select(test => new CodeTest(test.GetProperty("input").GetString()!, test.GetProperty("output").GetString()!))];
            return read.Length > 0 ? read : throw line.Error($"has no test in {field}.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw line.Error($"has a {field} that is no list of tests, each with input and output as text.");
        }
    }

    // LiveCodeBench keeps it in JSON inside of JSON.
    private static string? FunctionName(QuestionLine line)
    {
        if (line.TextOrNull("metadata") is not { } metadata)
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(metadata);
            return document.RootElement.TryGetProperty("func_name", out JsonElement name) ? name.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw line.Error("has a metadata that is no JSON object with a func_name.");
        }
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
