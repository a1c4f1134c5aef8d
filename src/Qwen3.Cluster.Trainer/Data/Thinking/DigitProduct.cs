using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>Multiplies as on paper: by one digit of the second factor after the other, each digit of the first from the right.</summary>
internal static class DigitProduct
{
    /// <summary>Writes the paragraphs: the parts, one for each, and their sum.</summary>
    /// <param name="thought">Gets the paragraphs.</param>
    /// <param name="left">1 or more.</param>
    /// <param name="right">1 to 99.</param>
    /// <returns>The product.</returns>
    public static long Write(Thought thought, long left, long right)
    {
        thought.Note(ProblemKey.Product(left, right));
        (long tens, long ones) = (right / 10, right % 10);
        if (tens > 0 && ones > 0)
        {
            thought.Add($"{left}*{right}={left}*{ones}+{left}*{tens}0.");
        }

        long ofOnes = ones > 0 ? Part(thought, left, ones, "") : 0;
        long ofTens = tens > 0 ? Part(thought, left, tens, "0") : 0;
        return ones > 0 && tens > 0 ? ColumnSum.Write(thought, ofOnes, ofTens) : ofOnes + ofTens;
    }

    // 47*8: 7*8=56, 6; 4*8=32, 32+5=37, 376. A part of tens gets a zero at its end.
    private static long Part(Thought thought, long left, long digit, string zero)
    {
        thought.Note(ProblemKey.Product(left, digit));
        List<string> columns = [];
        string written = "";
        long carry = 0;
        for (string rest = ColumnSum.Text(left); rest.Length > 0; rest = ColumnSum.Shorten(rest))
        {
            int last = ColumnSum.Last(rest);
            long product = last * digit;
            string before = rest.Length > 1 ? $"{rest}*{digit}: " : "";
            string with = carry > 0 ? $", {product}+{carry}={product + carry}" : "";
            long sum = product + carry;
            written = (rest.Length == 1 ? sum : sum % 10) + written;
            columns.Add($"{before}{last}*{digit}={product}{with}, {written}");
            carry = sum / 10;
        }

        thought.Add($"{string.Join("; ", columns)}{(zero == "" ? "" : $"; {written}{zero}")}.");
        return left * digit * (zero == "" ? 1 : 10);
    }
}
