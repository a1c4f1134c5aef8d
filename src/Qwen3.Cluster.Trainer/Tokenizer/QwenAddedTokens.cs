namespace Qwen3.Cluster.Trainer.Tokenizer;

/// <summary>The tokens that Qwen3 adds to its ordinary ones, in Qwen's order.</summary>
internal static class QwenAddedTokens
{
    /// <summary>Ends a text, and fills rows up.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>Ends a message.</summary>
    public const string MessageEnd = "<|im_end|>";

    /// <summary>Text, and whether it is a control token, which a decoder may leave out.</summary>
    public static IReadOnlyList<(string Content, bool IsSpecial)> All { get; } =
    [
        (EndOfText, true), ("<|im_start|>", true), (MessageEnd, true),
        ("<|object_ref_start|>", true), ("<|object_ref_end|>", true), ("<|box_start|>", true), ("<|box_end|>", true),
        ("<|quad_start|>", true), ("<|quad_end|>", true), ("<|vision_start|>", true), ("<|vision_end|>", true),
        ("<|vision_pad|>", true), ("<|image_pad|>", true), ("<|video_pad|>", true),
        ("<tool_call>", false), ("</tool_call>", false),
        ("<|fim_prefix|>", false), ("<|fim_middle|>", false), ("<|fim_suffix|>", false), ("<|fim_pad|>", false),
        ("<|repo_name|>", false), ("<|file_sep|>", false),
        ("<tool_response>", false), ("</tool_response>", false), ("<think>", false), ("</think>", false),
    ];
}
