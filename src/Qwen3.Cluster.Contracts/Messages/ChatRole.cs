namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Who speaks in a conversation.</summary>
[GenerateSerializer, Alias("qwen3.ChatRole")]
public enum ChatRole
{
    /// <summary>Sets the scene.</summary>
    System,

    /// <summary>Asks.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,

    /// <summary>What a function returned.</summary>
    Tool,
}
