namespace Qwen3.Cluster.Model.Generation;

/// <summary>Why a reply ended.</summary>
public enum FinishReason
{
    /// <summary>The model's end token, or a stop token or text of the request.</summary>
    Stop,

    /// <summary>The request's token limit, or the model's last position.</summary>
    Length,

    /// <summary>The request was cancelled.</summary>
    Cancelled,

    /// <summary>The request's deadline.</summary>
    Deadline,
}
