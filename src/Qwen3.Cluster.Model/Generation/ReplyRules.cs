using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>What all replies of an engine have in common.</summary>
/// <param name="Tokenizer">Gives the tokens' text.</param>
/// <param name="Tags">The tokens for thinking; null where the tokenizer has none.</param>
/// <param name="EndTokens">Tokens that end a reply.</param>
/// <param name="ContextLength">Tokens that prompt and reply may have together.</param>
/// <param name="MaxForcedAnswerTokens">As in <see cref="EngineOptions"/>.</param>
/// <param name="Time">The clock.</param>
internal sealed record ReplyRules(Qwen3Tokenizer Tokenizer, ThinkingTags? Tags, IReadOnlySet<int> EndTokens, int ContextLength, int MaxForcedAnswerTokens, TimeProvider Time);
