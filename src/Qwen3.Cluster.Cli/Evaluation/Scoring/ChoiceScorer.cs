using System.Text.RegularExpressions;

namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>
/// A letter of several: what the reply's last <c>"answer": "C"</c> says, which is how Qwen's prompt asks for it; else its last box, else the last letter after the
/// word answer, else its last letter that stands alone.
/// </summary>
/// <param name="answer">The right letter, from A.</param>
/// <param name="count">How many there are; 2 to 26.</param>
public sealed class ChoiceScorer(char answer, int count) : IScorer
{
    private readonly Regex[] _forms =
    [
        Form(@"""answer""\s*:\s*""?\(?([@])\b", count),
        Form(@"\\boxed\{\s*(?:\\text\{)?\(?([@])\b", count),
        Form(@"(?i:answer|答案)(?i:\s+is)?\s*[:：是为]?\s*\**\(?([@])\b", count),
        Form(@"(?<![\w'])([@])(?![\w'])", count),
    ];

    /// <inheritdoc/>
    public ValueTask<bool> IsRightAsync(string reply, CancellationToken cancellationToken)
    {
        Match? last = _forms.Select(form => form.Matches(reply).LastOrDefault()).FirstOrDefault(match => match is not null);
        return ValueTask.FromResult(last?.Groups[1].Value == answer.ToString());
    }

    private static Regex Form(string pattern, int count) => new(pattern.Replace("@", $"A-{(char)('A' + count - 1)}", StringComparison.Ordinal));
}
