using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Turns the pieces of a sample into tokens. Each piece is encoded on its own, as the server encodes a prompt and the engine its words.</summary>
internal sealed class SampleEncoder(Qwen3Tokenizer tokenizer)
{
    /// <summary>The tokens of a sample.</summary>
    public Sample Encode(IReadOnlyList<Piece> pieces)
    {
        List<int> ids = [];
        List<bool> isLearned = [];
        foreach (Piece piece in pieces)
        {
            int[] tokens = tokenizer.Encode(piece.Text);
            int kept = piece.Kept == 1 ? tokens.Length : 1 + (int)(piece.Kept * (tokens.Length - 1));
            ids.AddRange(tokens[..kept]);
            isLearned.AddRange(Enumerable.Repeat(piece.IsLearned, kept));
        }

        return new Sample([.. ids], [.. isLearned]);
    }
}
