namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>Finds a remainder by long division: what is left over and the next digit make the next number to divide.</summary>
internal static class LongDivision
{
    /// <summary>Writes a paragraph for each digit: <c>58: 8*7=56, 58-56=2, 2|347.</c>, with the digits that are still to come behind the stroke.</summary>
    /// <param name="thought">Gets the paragraphs.</param>
    /// <param name="number">0 or more.</param>
    /// <param name="divisor">2 to 10.</param>
    /// <returns>The remainder.</returns>
    public static long Write(Thought thought, long number, long divisor)
    {
        string digits = ColumnSum.Text(number);
        thought.Add($"{number} mod {divisor}: 0|{digits}.");
        long left = 0;
        for (; digits.Length > 0; digits = digits[1..])
        {
            long current = (left * 10) + (digits[0] - '0');
            long quotient = current / divisor;
            string written = $"{left}{digits[0]}";
            left = current % divisor;
            thought.Add($"{written}: {quotient}*{divisor}={quotient * divisor}, {current}-{quotient * divisor}={left}, {left}|{digits[1..]}.");
        }

        return left;
    }
}
