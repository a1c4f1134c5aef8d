namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>Whether a model thinks before it answers, as its chat template has it.</summary>
public enum ThinkingSupport
{
    /// <summary>The request chooses.</summary>
    Hybrid,

    /// <summary>Answers at once (the Instruct models of July 2025).</summary>
    Never,

    /// <summary>Thinks first (the Thinking models of July 2025); the prompt ends inside the open think block.</summary>
    Always,
}
