namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>
/// Goes through a word by pieces of four letters; what is left of it follows each piece. Without blanks: a letter is a token then wherever it stands.
/// </summary>
internal static class Spelling
{
    private const int PieceLength = 4;

    /// <summary>Counts a letter: <c>R:STRA=STR1A|WBERRY.</c>, after each letter that is the one looked for, and only there, how many there have been.</summary>
    public static int Count(Thought thought, string word, char letter)
    {
        int count = 0;
        foreach ((string piece, string left) in Pieces(word))
        {
            string counted = string.Concat(piece.Select(each => each == letter ? $"{each}{++count}" : $"{each}"));
            thought.Add($"{letter}:{piece}={counted}{After(left)}.");
        }

        return count;
    }

    /// <summary>Reverses: <c>WBER=REBWARTS|RY.</c>, each piece reversed and put before what has been reversed.</summary>
    public static string Reverse(Thought thought, string word)
    {
        string reversed = "";
        foreach ((string piece, string left) in Pieces(word))
        {
            reversed = new string([.. piece.Reverse()]) + reversed;
            thought.Add($"{piece}={reversed}{After(left)}.");
        }

        return reversed;
    }

    private static string After(string left) => left.Length == 0 ? "" : $"|{left}";

    private static IEnumerable<(string Piece, string Left)> Pieces(string word)
    {
        for (int start = 0; start < word.Length; start += PieceLength)
        {
            int end = Math.Min(start + PieceLength, word.Length);
            yield return (word[start..end], word[end..]);
        }
    }
}
