using System.Text;
using System.Text.RegularExpressions;

namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>
/// A value: a number (<c>85</c>, <c>-5</c>), a list (<c>3, 7, 12</c>), a word (<c>TAC</c>) or a sign (<c>&lt;</c>). Right is a reply whose last value of the answer's
/// kind is the answer, sign for sign; so 12 is not what a reply of <c>3, 7, 12</c> says, and 085 is not 85.
/// </summary>
/// <param name="answer">The value.</param>
public sealed partial class ValueScorer(string answer) : IScorer
{
    private readonly string _answer = Normalize(answer);

    /// <inheritdoc/>
    public ValueTask<bool> IsRightAsync(string reply, CancellationToken cancellationToken) => ValueTask.FromResult(LastValue(Normalize(reply)) == _answer);

    private static string Normalize(string text)
    {
        // Full-width digits, signs and commas become those of ASCII.
        string plain = text.Normalize(NormalizationForm.FormKC).Replace('−', '-').Replace('、', ',').Replace("**", "", StringComparison.Ordinal);
        return Comma().Replace(plain.Trim().TrimEnd('.', '。', '!', ' '), ", ");
    }

    private string? LastValue(string reply)
    {
        if (Numbers().Match(_answer) is { Success: true } numbers && numbers.Length == _answer.Length)
        {
            // A comma between groups of three digits belongs to a number where one number is the answer.
            string digits = _answer.Contains(',', StringComparison.Ordinal) ? reply : Thousands().Replace(reply, match => match.Value.Replace(", ", "", StringComparison.Ordinal));
            return Numbers().Matches(digits).LastOrDefault()?.Value;
        }

        return _answer.All(char.IsLetterOrDigit)
            ? Words().Matches(reply).LastOrDefault()?.Value
            : reply.EndsWith(_answer, StringComparison.Ordinal) ? _answer : null;
    }

    // Spaces around a comma say nothing; a full stop at the end is gone.
    [GeneratedRegex(@"\s*,\s*")]
    private static partial Regex Comma();

    [GeneratedRegex(@"(?<![\w.])-?\d+(?:\.\d+)?(?:, -?\d+(?:\.\d+)?)*(?!\d)")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"(?<!\d|, )\d{1,3}(?:, \d{3})+(?!\d|, )")]
    private static partial Regex Thousands();

    [GeneratedRegex(@"[\p{L}\p{M}\p{Nd}]+")]
    private static partial Regex Words();
}
