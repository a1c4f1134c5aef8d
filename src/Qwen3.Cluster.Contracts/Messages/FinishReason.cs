namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Why a reply ended.</summary>
[GenerateSerializer, Alias("qwen3.FinishReason")]
public enum FinishReason
{
    /// <summary>The model ended it, or a stop text or token did.</summary>
    Stop,

    /// <summary>The limit on tokens, or a full context.</summary>
    Length,

    /// <summary>It was cancelled.</summary>
    Cancelled,

    /// <summary>The response time was over.</summary>
    Deadline,
}
