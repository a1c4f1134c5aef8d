namespace Qwen3.Cluster.Trainer.Data;

/// <summary>A part of a sample's text; each is encoded on its own.</summary>
/// <param name="Text">With special tokens where they belong.</param>
/// <param name="IsLearned">Whether the model has to predict its tokens.</param>
/// <param name="Kept">Which part of its tokens there is, 0 to 1, from the first on and at least that one: a budget may end a thinking anywhere.</param>
internal readonly record struct Piece(string Text, bool IsLearned, double Kept = 1);
