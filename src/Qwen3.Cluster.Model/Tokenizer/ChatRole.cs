namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>Who speaks in a conversation.</summary>
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
