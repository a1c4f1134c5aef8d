using System.Globalization;
using System.Text.Json;
using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>
/// Questions with choices as MMLU has them, <c>{"question", "choices" or "options": […], "answer": index from 0 or letter}</c>, with the words that Qwen recommends for them.
/// </summary>
public sealed class ChoiceFormat : IQuestionFormat
{
    private const int MostChoices = 26;

    private const string Instruction =
        """Please show your choice in the `answer` field with only the choice letter, e.g., `"answer": "C"`.""";

    /// <inheritdoc/>
    public bool Fits(QuestionLine line) => line.Has("choices") || line.Has("options");

    /// <inheritdoc/>
    public EvalQuestion Read(QuestionLine line)
    {
        JsonElement choices = line.Field("choices", "options");
        if (choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() is < 2 or > MostChoices)
        {
            throw line.Error($"has choices that are no list of 2 to {MostChoices}.");
        }

        string[] texts = [.. choices.EnumerateArray().Select((choice, i) => $"{LetterOf(i)}. {(choice.ValueKind == JsonValueKind.String ? choice.GetString() : choice.GetRawText())}")];
        return new EvalQuestion(
            line.Id,
            line.FileName,
            line.TextOrNull("subject", "category") ?? "",
            $"{line.Text("question")}\n\n{string.Join('\n', texts)}\n\n{Instruction}",
            new ChoiceScorer(Answer(line, texts.Length), texts.Length));
    }

    private static char Answer(QuestionLine line, int count)
    {
        string answer = line.Text("answer");
        int index = int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : answer is [var letter] ? char.ToUpperInvariant(letter) - 'A' : -1;
        return index >= 0 && index < count
            ? LetterOf(index)
            : throw line.Error($"has the answer {answer}: it must be 0 to {count - 1} or A to {LetterOf(count - 1)}.");
    }

    private static char LetterOf(int index) => (char)('A' + index);
}
