namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>How tokens are chosen and when a reply ends. Null: the value that the model recommends for the mode.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.SamplingSettings")]
public sealed record SamplingSettings
{
    /// <summary>0: the likeliest token; else up to 2.</summary>
    [Id(0)]
    public float? Temperature { get; init; }

    /// <summary>(0, 1].</summary>
    [Id(1)]
    public float? TopP { get; init; }

    /// <summary>0: off.</summary>
    [Id(2)]
    public int? TopK { get; init; }

    /// <summary>[0, 1].</summary>
    [Id(3)]
    public float? MinP { get; init; }

    /// <summary>[−2, 2].</summary>
    [Id(4)]
    public float? PresencePenalty { get; init; }

    /// <summary>[−2, 2].</summary>
    [Id(5)]
    public float? FrequencyPenalty { get; init; }

    /// <summary>[0.01, 10]; 1: off.</summary>
    [Id(6)]
    public float? RepetitionPenalty { get; init; }

    /// <summary>Null: one is drawn.</summary>
    [Id(7)]
    public ulong? Seed { get; init; }

    /// <summary>Texts that end the reply.</summary>
    [Id(8)]
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tokens that end the reply.</summary>
    [Id(9)]
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Tokens of the reply, thinking included; 1 or more.</summary>
    [Id(10)]
    public int? MaxTokens { get; init; }

    /// <summary>Replies to the one prompt; 1 to 16.</summary>
    [Id(11)]
    public int SampleCount { get; init; } = 1;

    /// <summary>Null: none; else those of the chosen token and of this many likeliest ones, 0 to 20.</summary>
    [Id(12)]
    public int? Logprobs { get; init; }
}
