namespace Qwen3.Cluster.Trainer.Data.Chat;

/// <summary>How a reply comes about.</summary>
internal enum ReplyForm
{
    /// <summary>Without thinking: the prompt ends with the empty think block of <c>enable_thinking=false</c>.</summary>
    Direct,

    /// <summary>Without thinking because the question ends with <c>/no_think</c>: the model writes the empty think block itself.</summary>
    DirectBySuffix,

    /// <summary>With thinking.</summary>
    Thinking,

    /// <summary>With thinking that a budget ends early: the engine's words close it, and the answer follows all the same.</summary>
    ThinkingCut,
}
