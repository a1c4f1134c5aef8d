using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>Rows that go on by a rule: numbers up or down by a step, letters, a row repeated, the multiples of a digit.</summary>
internal sealed class SequenceText : IPlainText
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <inheritdoc/>
    public string Write(SeededRandom random)
    {
        int length = NumberDraw.Between(random, 6, 14);
        switch (random.Below(5))
        {
            case 0:
                int start = random.Below(990);
                return string.Join(", ", Enumerable.Range(start, length));
            case 1:
                int end = NumberDraw.Between(random, length, 999);
                return string.Join(", ", Enumerable.Range(0, length).Select(i => end - i));
            case 2:
                int factor = NumberDraw.Between(random, 2, 9);
                return string.Join(", ", Enumerable.Range(1, 9).Select(i => $"{i}*{factor}={i * factor}"));
            case 3:
                int first = random.Below(Alphabet.Length - 5);
                return string.Join(' ', Alphabet[first..Math.Min(Alphabet.Length, first + length)].ToCharArray());
            default:
                string row = string.Join(' ', Enumerable.Range(0, length).Select(_ => random.Below(100)));
                return $"{row}\n{row}";
        }
    }
}
