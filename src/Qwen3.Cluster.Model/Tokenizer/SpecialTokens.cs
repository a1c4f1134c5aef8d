namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>Ids of the tokens that a conversation is built from; null where the vocabulary has no such token.</summary>
/// <param name="EndOfText"><c>&lt;|endoftext|&gt;</c>: padding, and the end of a text that is no conversation.</param>
/// <param name="ImStart"><c>&lt;|im_start|&gt;</c>: a message begins.</param>
/// <param name="ImEnd"><c>&lt;|im_end|&gt;</c>: a message ends.</param>
/// <param name="ThinkStart"><c>&lt;think&gt;</c>: the thinking begins.</param>
/// <param name="ThinkEnd"><c>&lt;/think&gt;</c>: the thinking ends, the answer follows.</param>
/// <param name="ToolCallStart"><c>&lt;tool_call&gt;</c>.</param>
/// <param name="ToolCallEnd"><c>&lt;/tool_call&gt;</c>.</param>
public sealed record SpecialTokens(
    int? EndOfText,
    int? ImStart,
    int? ImEnd,
    int? ThinkStart,
    int? ThinkEnd,
    int? ToolCallStart,
    int? ToolCallEnd)
{
    internal static SpecialTokens From(IReadOnlyList<AddedToken> tokens)
    {
        return new SpecialTokens(
            EndOfText: IdOf("<|endoftext|>"),
            ImStart: IdOf("<|im_start|>"),
            ImEnd: IdOf("<|im_end|>"),
            ThinkStart: IdOf("<think>"),
            ThinkEnd: IdOf("</think>"),
            ToolCallStart: IdOf("<tool_call>"),
            ToolCallEnd: IdOf("</tool_call>"));

        int? IdOf(string content) => tokens.FirstOrDefault(token => token.Content == content)?.Id;
    }
}
