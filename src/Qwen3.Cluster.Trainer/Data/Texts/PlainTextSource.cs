using Qwen3.Cluster.Trainer.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>Plain texts, all of which is learned.</summary>
internal sealed class PlainTextSource(IPlainText kind) : ISampleSource
{
    /// <inheritdoc/>
    public IReadOnlyList<Piece> Make(SeededRandom random) => [new Piece(kind.Write(random) + QwenAddedTokens.EndOfText, IsLearned: true)];
}
