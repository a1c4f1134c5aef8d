using System.Text;
using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// Writes a conversation as the prompt that Qwen3 was trained on. The variants of Qwen's Jinja template are rendered in code;
/// which one a checkpoint has is recognised by its text. Immutable.
/// </summary>
public sealed class ChatTemplate
{
    private const string EmptyThinking = "<think>\n\n</think>\n\n";

    public ChatTemplate(ChatTemplateVariant variant) => Variant = variant;

    /// <summary>Which of Qwen's templates this is.</summary>
    public ChatTemplateVariant Variant { get; }

    /// <summary>Whether the model thinks before it answers.</summary>
    public ThinkingSupport Thinking => Variant switch
    {
        ChatTemplateVariant.April2025 or ChatTemplateVariant.July2025 => ThinkingSupport.Hybrid,
        ChatTemplateVariant.Thinking2507 => ThinkingSupport.Always,
        _ => ThinkingSupport.Never,
    };

    /// <summary>
    /// The template of a checkpoint: its chat_template.jinja, else chat_template of its tokenizer_config.json, or that of its GGUF file. A checkpoint
    /// without one gets the hybrid template of July 2025.
    /// </summary>
    /// <exception cref="CheckpointException">The template is none of Qwen3's, so that its prompts would be wrong; or a file is damaged.</exception>
    public static ChatTemplate Load(string directory) =>
        ChatTemplateFile.Find(directory) is (string text, string place)
            ? new ChatTemplate(ChatTemplateFile.Recognise(text) ?? throw ChatTemplateFile.Unknown(place))
            : new ChatTemplate(ChatTemplateVariant.July2025);

    /// <summary>The prompt, with its special tokens as text.</summary>
    /// <param name="messages">The conversation, oldest first; at least one message.</param>
    /// <param name="tools">Functions that the model may call, each a JSON object as in OpenAI's <c>tools</c>.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends where the assistant's reply begins.</param>
    /// <param name="enableThinking">
    /// False: the reply starts after an empty think block. True or null: a hybrid model decides by itself, which it does as
    /// <c>/think</c> and <c>/no_think</c> in the messages tell it. Without effect where <see cref="Thinking"/> is not hybrid.
    /// </param>
    /// <exception cref="ArgumentException">There is no message, or one that the template cannot render.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string>? tools = null,
        bool addGenerationPrompt = true,
        bool? enableThinking = null)
    {
        if (messages.Count == 0)
        {
            throw new ArgumentException("A conversation has at least one message.", nameof(messages));
        }
        if (Variant == ChatTemplateVariant.April2025 && messages.Any(message => message.Content is null))
        {
            throw new ArgumentException("A message has no content, which the template of April 2025 cannot render: send an empty one.", nameof(messages));
        }

        var prompt = new StringBuilder();
        AppendSystem(prompt, messages[0], tools ?? []);
        int lastQuery = LastQuery(messages);
        for (int i = 0; i < messages.Count; i++)
        {
            ChatMessage message = messages[i];
            switch (message.Role)
            {
                case ChatRole.User:
                    prompt.Append($"<|im_start|>user\n{message.Content}<|im_end|>\n");
                    break;
                case ChatRole.System when i > 0:
                    prompt.Append($"<|im_start|>system\n{message.Content}<|im_end|>\n");
                    break;
                case ChatRole.Assistant:
                    AppendAssistant(prompt, message, isSinceQuery: i > lastQuery, isLast: i == messages.Count - 1);
                    break;
                case ChatRole.Tool:
                    // Results that follow each other stand in one message of the user.
                    prompt.Append(i == 0 || messages[i - 1].Role != ChatRole.Tool ? "<|im_start|>user" : "");
                    prompt.Append($"\n<tool_response>\n{message.Content}\n</tool_response>");
                    prompt.Append(i == messages.Count - 1 || messages[i + 1].Role != ChatRole.Tool ? "<|im_end|>\n" : "");
                    break;
            }
        }

        if (addGenerationPrompt)
        {
            prompt.Append("<|im_start|>assistant\n").Append(ReplyOpening(enableThinking));
        }
        return prompt.ToString();
    }

    private string ReplyOpening(bool? enableThinking) => Variant switch
    {
        ChatTemplateVariant.NonThinking => EmptyThinking,
        ChatTemplateVariant.Thinking2507 => "<think>\n",
        ChatTemplateVariant.Instruct2507 => "",
        _ => enableThinking == false ? EmptyThinking : "",
    };

    private static void AppendSystem(StringBuilder prompt, ChatMessage first, IReadOnlyList<string> tools)
    {
        string? system = first.Role == ChatRole.System ? first.Content ?? "" : null;
        if (tools.Count == 0)
        {
            prompt.Append(system is null ? "" : $"<|im_start|>system\n{system}<|im_end|>\n");
            return;
        }

        prompt.Append("<|im_start|>system\n").Append(system is null ? "" : system + "\n\n");
        prompt.Append("# Tools\n\nYou may call one or more functions to assist with the user query.\n\n");
        prompt.Append("You are provided with function signatures within <tools></tools> XML tags:\n<tools>");
        for (int i = 0; i < tools.Count; i++)
        {
            prompt.Append('\n').Append(Json(tools[i], $"tools[{i}]"));
        }
        prompt.Append("\n</tools>\n\nFor each function call, return a json object with function name and arguments within ");
        prompt.Append("<tool_call></tool_call> XML tags:\n<tool_call>\n");
        prompt.Append("{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n");
    }

    /// <summary>Index of the user's last question; a user's message that only wraps tool responses is none. Thinking before it is dropped.</summary>
    private static int LastQuery(IReadOnlyList<ChatMessage> messages)
    {
        for (int i = messages.Count - 1; i >= 0; i--)
        {
            if (messages[i] is { Role: ChatRole.User, Content: { } content }
                && !(content.StartsWith("<tool_response>", StringComparison.Ordinal) && content.EndsWith("</tool_response>", StringComparison.Ordinal)))
            {
                return i;
            }
        }
        return messages.Count - 1;
    }

    private void AppendAssistant(StringBuilder prompt, ChatMessage message, bool isSinceQuery, bool isLast)
    {
        (string thinking, string content) = Variant == ChatTemplateVariant.Instruct2507
            ? ("", message.Content ?? "")
            : SplitThinking(message);

        prompt.Append("<|im_start|>assistant\n");
        if (Variant != ChatTemplateVariant.Instruct2507 && isSinceQuery && (isLast || thinking.Length > 0))
        {
            prompt.Append($"<think>\n{thinking.Trim('\n')}\n</think>\n\n{content.TrimStart('\n')}");
        }
        else
        {
            prompt.Append(content);
        }

        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            ToolCall call = message.ToolCalls[i];
            prompt.Append(i > 0 || content.Length > 0 ? "\n" : "");
            string arguments = Json(call.ArgumentsJson, $"the arguments of the call of '{call.Name}'");
            prompt.Append($"<tool_call>\n{{\"name\": \"{call.Name}\", \"arguments\": {arguments}}}\n</tool_call>");
        }
        prompt.Append("<|im_end|>\n");
    }

    private static (string Thinking, string Content) SplitThinking(ChatMessage message)
    {
        const string open = "<think>";
        const string close = "</think>";
        string content = message.Content ?? "";
        if (message.ReasoningContent is { } reasoning)
        {
            return (reasoning, content);
        }
        int firstClose = content.IndexOf(close, StringComparison.Ordinal);
        if (firstClose < 0)
        {
            return ("", content);
        }
        string before = content[..firstClose].TrimEnd('\n');
        int lastOpen = before.LastIndexOf(open, StringComparison.Ordinal);
        string thinking = lastOpen < 0 ? before : before[(lastOpen + open.Length)..];
        string after = content[(content.LastIndexOf(close, StringComparison.Ordinal) + close.Length)..];
        return (thinking.TrimStart('\n'), after.TrimStart('\n'));
    }

    private static string Json(string text, string place)
    {
        try
        {
            return PythonJson.Reformat(text);
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"{place} should be JSON ({e.Message})", e);
        }
    }
}
