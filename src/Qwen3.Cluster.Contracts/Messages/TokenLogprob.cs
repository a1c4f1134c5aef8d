namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>The log-probability of a token at its place.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.TokenLogprob")]
public sealed record TokenLogprob
{
    /// <summary>The token.</summary>
    [Id(0)]
    public int TokenId { get; init; }

    /// <summary>Its text; a part of a character shows as U+FFFD.</summary>
    [Id(1)]
    public string Text { get; init; } = "";

    /// <summary>Natural logarithm; 0 or less.</summary>
    [Id(2)]
    public float Logprob { get; init; }

    /// <summary>The likeliest tokens at that place, likeliest first.</summary>
    [Id(3)]
    public IReadOnlyList<TokenLogprob> Top { get; init; } = [];
}
