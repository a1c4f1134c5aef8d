using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Tokenizer;
using ChatMessage = Qwen3.Cluster.Model.Tokenizer.ChatMessage;
using ChatRole = Qwen3.Cluster.Model.Tokenizer.ChatRole;
using ToolCall = Qwen3.Cluster.Model.Tokenizer.ToolCall;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>A conversation as the prompt of a model, and what that says about thinking.</summary>
internal static class ChatPrompt
{
    /// <summary>Why a model cannot answer in a mode, for the field <c>mode</c>; null: it can.</summary>
    /// <param name="mode">The mode asked for.</param>
    /// <param name="template">The model's format.</param>
    public static string? WhyNot(ReplyMode mode, ChatTemplate template) => (mode, template.Thinking) switch
    {
        (ReplyMode.Deep, ThinkingSupport.Never) => "must not be MODE_DEEP: this model answers at once and has no thinking.",
        (ReplyMode.Fast, ThinkingSupport.Always) =>
            "must not be MODE_FAST: this model always thinks first; budget.max_thinking_tokens can limit that.",
        _ => null,
    };

    /// <summary>
    /// What AUTO comes to where it is clear beforehand: the only thing that the model does, what the user's latest message says, or no thinking
    /// where none is allowed. <see cref="ReplyMode.Auto"/>: the model's own answer has to show it. Another mode stays as it is.
    /// </summary>
    /// <param name="call">A conversation that the rules have passed.</param>
    /// <param name="template">The model's format.</param>
    public static ReplyMode Resolve(ChatCall call, ChatTemplate template) => (call.Mode, template.Thinking) switch
    {
        (not ReplyMode.Auto, _) => call.Mode,
        (_, ThinkingSupport.Always) => ReplyMode.Deep,
        (_, ThinkingSupport.Never) => ReplyMode.Fast,
        _ => call.Messages.LastOrDefault(message => message.Role == Contracts.Messages.ChatRole.User) is { } last && Switch(last) is { } thinks
            ? (thinks ? ReplyMode.Deep : ReplyMode.Fast)
            : call.Budget.MaxThinkingTokens == 0 ? ReplyMode.Fast : ReplyMode.Auto,
    };

    /// <summary>The prompt, special tokens as text, ready for the assistant's reply.</summary>
    /// <param name="call">A conversation that the rules have passed.</param>
    /// <param name="template">The model's format.</param>
    public static string Render(ChatCall call, ChatTemplate template) => template.Render(
        [.. call.Messages.Select(ToTemplate)],
        call.Tools,
        addGenerationPrompt: true,
        enableThinking: call.Mode switch
        {
            ReplyMode.Fast => false,
            ReplyMode.Deep => true,
            _ => null,
        });

    /// <summary>Whether the reply will begin with thinking: what the mode says, or else the latest <c>/think</c> or <c>/no_think</c>.</summary>
    public static bool Thinks(ChatCall call, ChatTemplate template) => template.Thinking switch
    {
        ThinkingSupport.Always => true,
        ThinkingSupport.Never => false,
        _ => call.Mode == ReplyMode.Default ? !SwitchedOff(call.Messages) : call.Mode == ReplyMode.Deep,
    };

    /// <summary>Whether a prompt ends inside a think block that its last message opened.</summary>
    public static bool EndsInThinking(ReadOnlySpan<int> prompt, SpecialTokens special)
    {
        for (int i = prompt.Length - 1; i >= 0; i--)
        {
            if (prompt[i] == special.ThinkStart)
            {
                return true;
            }

            if (prompt[i] == special.ThinkEnd || prompt[i] == special.ImStart || prompt[i] == special.EndOfText)
            {
                return false;
            }
        }

        return false;
    }

    private static bool SwitchedOff(IReadOnlyList<Contracts.Messages.ChatMessage> messages) =>
        messages.Reverse()
            .Where(message => message.Role is Contracts.Messages.ChatRole.User or Contracts.Messages.ChatRole.System)
            .Select(Switch)
            .FirstOrDefault(thinks => thinks is not null) == false;

    // What a message says of thinking: the latest /think or /no_think in it; null where there is none.
    private static bool? Switch(Contracts.Messages.ChatMessage message)
    {
        int on = message.Content.LastIndexOf("/think", StringComparison.Ordinal);
        int off = message.Content.LastIndexOf("/no_think", StringComparison.Ordinal);
        return on < 0 && off < 0 ? null : on > off;
    }

    private static ChatMessage ToTemplate(Contracts.Messages.ChatMessage message)
    {
        ChatRole role = message.Role switch
        {
            Contracts.Messages.ChatRole.System => ChatRole.System,
            Contracts.Messages.ChatRole.User => ChatRole.User,
            Contracts.Messages.ChatRole.Assistant => ChatRole.Assistant,
            _ => ChatRole.Tool,
        };
        return new ChatMessage(role, message.Content, message.Thinking.Length == 0 ? null : message.Thinking)
        {
            ToolCalls = [.. message.ToolCalls.Select(call => new ToolCall(call.Name, call.ArgumentsJson))],
        };
    }
}
