namespace Qwen3.Cluster.Model.Generation;

/// <summary>The natural logarithm of a token's probability, before penalties, temperature and filters, as vLLM reports it.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability; 0 or less. 0 for the words of a forced close, which are not drawn.</param>
/// <param name="Top">The likeliest tokens at that place, likeliest first; empty when none were asked for.</param>
public sealed record TokenLogprob(int TokenId, float Logprob, IReadOnlyList<TokenLogprob> Top);
