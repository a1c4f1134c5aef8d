namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Whether a reply begins with thinking.</summary>
[GenerateSerializer, Alias("qwen3.ReplyMode")]
public enum ReplyMode
{
    /// <summary>As the model does by itself.</summary>
    Default,

    /// <summary>The answer at once.</summary>
    Fast,

    /// <summary>Thinking first.</summary>
    Deep,

    /// <summary>The answer at once where the model is sure of it, else thinking first.</summary>
    Auto,
}
