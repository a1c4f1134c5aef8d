namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>One entry of tokenizer.json's <c>added_tokens</c>: text that is one token wherever it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text, matched exactly.</param>
/// <param name="IsSpecial">Control token: left out by a decode that skips special tokens.</param>
/// <param name="IsNormalized">Looked for after normalisation (tokens that a fine-tune added) instead of before (Qwen's own).</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool IsNormalized);
