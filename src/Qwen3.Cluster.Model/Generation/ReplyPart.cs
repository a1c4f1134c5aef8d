namespace Qwen3.Cluster.Model.Generation;

/// <summary>Where in a reply a token stands.</summary>
public enum ReplyPart
{
    /// <summary>Between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>, the tags included.</summary>
    Thinking,

    /// <summary>What the user asked for.</summary>
    Answer,
}
