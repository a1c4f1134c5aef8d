namespace Qwen3.Cluster.Trainer.Tokenizer;

/// <summary>A byte-level vocabulary, written in the alphabet of tokenizer.json.</summary>
/// <param name="Tokens">The ordinary tokens by their ids: the 256 bytes, then what each merge gives.</param>
/// <param name="Merges">The pairs, in the order in which they are merged.</param>
internal sealed record BytePairVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges);
