namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>The chat templates of the Qwen3 family.</summary>
public enum ChatTemplateVariant
{
    /// <summary>The first hybrid models, as of April 2025. Refuses a message without content.</summary>
    April2025,

    /// <summary>The hybrid models since July 2025: a message without content is an empty one.</summary>
    July2025,

    /// <summary>The template of Qwen's documentation that keeps a hybrid model from thinking: every reply starts after an empty think block.</summary>
    NonThinking,

    /// <summary>Instruct-2507: no think blocks at all.</summary>
    Instruct2507,

    /// <summary>Thinking-2507: every reply starts inside a think block.</summary>
    Thinking2507,
}
