namespace Qwen3.Cluster.Model.Generation;

/// <summary>How often each token is in a reply, and which are in its prompt: what penalties depend on.</summary>
internal sealed class TokenCounts
{
    private readonly Dictionary<int, int> _inReply = [];

    /// <param name="prompt">The prompt's tokens.</param>
    public TokenCounts(ReadOnlySpan<int> prompt)
    {
        foreach (int token in prompt)
        {
            _inReply.TryAdd(token, 0);
        }
    }

    /// <summary>Counts for a request whose parameters need them; else null.</summary>
    public static TokenCounts? For(GenerationRequest request) =>
        request.Sampling is { PresencePenalty: 0, FrequencyPenalty: 0, RepetitionPenalty: 1 } ? null : new TokenCounts(request.Prompt);

    /// <summary>Counts a token of the reply.</summary>
    public void Add(int token) => _inReply[token] = _inReply.GetValueOrDefault(token) + 1;

    /// <summary>
    /// Applies the penalties in vLLM's order: repetition to tokens of prompt and reply, then frequency and presence to
    /// those of the reply.
    /// </summary>
    /// <param name="logits">One row, [vocabulary].</param>
    /// <param name="sampling">The penalties.</param>
    public void Penalize(Span<float> logits, SamplingParameters sampling)
    {
        foreach ((int token, int count) in _inReply)
        {
            if (token >= logits.Length)
            {
                continue;
            }

            float logit = logits[token];
            logit = logit > 0 ? logit / sampling.RepetitionPenalty : logit * sampling.RepetitionPenalty;
            logit -= sampling.FrequencyPenalty * count;
            logit -= count > 0 ? sampling.PresencePenalty : 0;
            logits[token] = logit;
        }
    }
}
