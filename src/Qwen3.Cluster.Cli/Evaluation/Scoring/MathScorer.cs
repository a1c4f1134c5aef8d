using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>
/// An answer of a mathematical competition: what the reply's last <c>\boxed{…}</c> holds, or without one its last number. Numbers and fractions are compared by
/// their value (033 is 33, ½ is 0.5), everything else as LaTeX without spaces, sizes and text.
/// </summary>
/// <param name="answer">As the file has it.</param>
public sealed partial class MathScorer(string answer) : IScorer
{
    private const string Box = @"\boxed{";

    private readonly string _answer = Normalize(InnermostOf(answer) ?? answer);

    /// <inheritdoc/>
    public ValueTask<bool> IsRightAsync(string reply, CancellationToken cancellationToken)
    {
        string? given = InnermostOf(reply) ?? Number().Matches(reply).LastOrDefault()?.Value;
        return ValueTask.FromResult(given is not null && AreEqual(Normalize(given), _answer));
    }

    /// <summary>What the last box holds, braces in it balanced; null without a whole one.</summary>
    private static string? InnermostOf(string text)
    {
        int start = text.LastIndexOf(Box, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        start += Box.Length;
        for (int i = start, depth = 1; i < text.Length; i++)
        {
            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return text[start..i];
            }
        }

        return null;
    }

    private static string Normalize(string latex)
    {
        string plain = Text().Replace(latex.Replace('−', '-'), "$1");
        return Layout().Replace(plain, "").Replace("dfrac", "frac", StringComparison.Ordinal).Replace("tfrac", "frac", StringComparison.Ordinal).TrimEnd('.');
    }

    private static bool AreEqual(string given, string answer) =>
        given == answer || (Rational(given) is { } one && Rational(answer) is { } other && one.Numerator * other.Denominator == other.Numerator * one.Denominator);

    private static (BigInteger Numerator, BigInteger Denominator)? Rational(string text)
    {
        if (Fraction().Match(text) is { Success: true } fraction)
        {
            BigInteger denominator = Parse(fraction.Groups["d"].Value);
            return denominator.IsZero ? null : (Parse(fraction.Groups["s"].Value + fraction.Groups["n"].Value), denominator);
        }

        if (Number().Match(text) is not { Success: true } number || number.Length != text.Length)
        {
            return null;
        }

        string[] parts = text.Replace(",", "", StringComparison.Ordinal).Split('.');
        string decimals = parts.Length > 1 ? parts[1] : "";
        return (Parse(parts[0] + decimals), BigInteger.Pow(10, decimals.Length));
    }

    private static BigInteger Parse(string digits) => BigInteger.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<![\d.])-?\d+(?:,\d{3})*(?:\.\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(@"^(?<s>-?)(?:\\frac\{(?<n>\d+)\}\{(?<d>\d+)\}|\\frac(?<n>\d)(?<d>\d)|(?<n>\d+)/(?<d>\d+))$")]
    private static partial Regex Fraction();

    [GeneratedRegex(@"\\(?:text|mathrm|textbf)\{([^{}]*)\}")]
    private static partial Regex Text();

    [GeneratedRegex(@"\s|\$|\\[,;:! ]|\\left|\\right|\\%|%|\^\{?\\circ\}?|\\degree")]
    private static partial Regex Layout();
}
