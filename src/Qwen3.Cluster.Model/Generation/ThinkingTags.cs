using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>The tokens that a tokenizer has for thinking.</summary>
/// <param name="Start">The id of <c>&lt;think&gt;</c>.</param>
/// <param name="End">The id of <c>&lt;/think&gt;</c>.</param>
/// <param name="Close">The ids of <see cref="CloseText"/>; <paramref name="End"/> is among them once.</param>
internal sealed record ThinkingTags(int Start, int End, int[] Close)
{
    /// <summary>What goes in where the budget ends the thinking: the words that Qwen3 was trained with.</summary>
    public const string CloseText =
        "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now.\n</think>\n\n";

    /// <summary>The tags of a tokenizer, or null where it has none: then nothing is thinking.</summary>
    public static ThinkingTags? Of(Qwen3Tokenizer tokenizer) =>
        tokenizer.SpecialTokens is { ThinkStart: { } start, ThinkEnd: { } end }
            ? new ThinkingTags(start, end, tokenizer.Encode(CloseText))
            : null;
}
