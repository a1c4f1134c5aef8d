namespace Qwen3.Cluster.Model.Generation;

/// <summary>How the next token is chosen, and when a reply ends. The terms and their meaning are vLLM's.</summary>
public sealed record SamplingParameters
{
    /// <summary>0: the likeliest token. Else the logits are divided by it; up to 2.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keeps the likeliest tokens whose probabilities reach this sum; (0, 1].</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Keeps this many of the likeliest tokens; 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps tokens at least this fraction as likely as the likeliest; [0, 1].</summary>
    public float MinP { get; init; }

    /// <summary>Subtracted from the logit of each token that the reply has; [−2, 2].</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once for each time that the reply has it; [−2, 2].</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides the positive logits, and multiplies the negative ones, of tokens in the prompt or the reply; [0.01, 10].</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Draws depend on it, the sample's number and the position alone: the same seed gives the same tokens.</summary>
    public ulong Seed { get; init; }

    /// <summary>Texts that end the reply where they appear, in the thinking or in the answer; they are not part of it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the reply, beside the model's own end tokens; they give no text.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Tokens that the reply may have in all, thinking and answer; 1 or more. The largest int: no limit of the request's own.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>Null: no log-probabilities; else those of the chosen token and of this many likeliest ones, 0 to 20.</summary>
    public int? Logprobs { get; init; }

    /// <summary>How many replies are made from the one prompt; 1 to 16.</summary>
    public int SampleCount { get; init; } = 1;
}
