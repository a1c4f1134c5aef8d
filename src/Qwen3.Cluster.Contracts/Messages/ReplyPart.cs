namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Where in a reply a text stands.</summary>
[GenerateSerializer, Alias("qwen3.ReplyPart")]
public enum ReplyPart
{
    /// <summary>The thinking.</summary>
    Thinking,

    /// <summary>The answer.</summary>
    Answer,
}
