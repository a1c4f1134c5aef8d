using System.Text.RegularExpressions;
using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Tokenizer;

/// <summary>
/// The text that a tokenizer is made from: samples of the kind that the model is trained on, without their special tokens, and without words in
/// capitals. Those are operands, to be spelled: they stay letters, as numbers stay digits.
/// </summary>
internal static partial class VocabularyText
{
    /// <summary>Enough that every phrase occurs, the rarest some dozens of times.</summary>
    private const int SampleCount = 20_000;

    /// <summary>The texts: a function of seed and source.</summary>
    public static IEnumerable<string> Generate(ulong seed, ISampleSource source)
    {
        for (ulong i = 0; i < SampleCount; i++)
        {
            foreach (Piece piece in source.Make(new SeededRandom(seed, RandomStream.Vocabulary, i)))
            {
                foreach (string text in NotWords().Split(piece.Text))
                {
                    yield return text;
                }
            }
        }
    }

    [GeneratedRegex(@"<\|im_start\|>|<\|im_end\|>|<\|endoftext\|>|</?think>|(?<=[:=|])\p{Lu}|\p{Lu}{2,}")]
    private static partial Regex NotWords();
}
