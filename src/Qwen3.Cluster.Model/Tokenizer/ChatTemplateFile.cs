using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Checkpoints.Gguf;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>Finds the Jinja template of a checkpoint and tells which of Qwen's it is by what only that one says.</summary>
internal static class ChatTemplateFile
{
    /// <summary>The template's text and where it was found; null when the checkpoint has none.</summary>
    public static (string Text, string Place)? Find(string directory)
    {
        if (GgufSet.Find(directory) is { } gguf)
        {
            return GgufTokenizer.ChatTemplate(gguf) is { } inside ? (inside, $"{gguf}: tokenizer.chat_template") : null;
        }

        string jinja = Path.Combine(directory, "chat_template.jinja");
        if (File.Exists(jinja))
        {
            try
            {
                return (File.ReadAllText(jinja), jinja);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CheckpointException($"{jinja} cannot be read: {e.Message}", e);
            }
        }

        string config = Path.Combine(directory, "tokenizer_config.json");
        if (!File.Exists(config))
        {
            return null;
        }
        using JsonDocument json = JsonFile.Read(config);
        return Text(json.RootElement, config) is { } text ? (text, $"{config}: chat_template") : null;
    }

    /// <summary>Null when the template is none of Qwen3's.</summary>
    public static ChatTemplateVariant? Recognise(string template)
    {
        // Jinja source says \n in its strings; some tools have saved it as a real new line.
        string text = template.Replace("\\n", "\n", StringComparison.Ordinal);
        bool Has(string part) => text.Contains(part, StringComparison.Ordinal);

        // Qwen3-Coder and later families call tools in another format, Qwen2.5 has a system message of its own.
        if (!Has("<|im_start|>") || !Has("<|im_end|>") || Has("<function=") || Has("You are Qwen") || Has("<|vision_start|>"))
        {
            return null;
        }
        if (Has("enable_thinking"))
        {
            return Has("message.content.split('</think>')") ? ChatTemplateVariant.April2025 : ChatTemplateVariant.July2025;
        }
        if (Has("<|im_start|>assistant\n<think>\n\n</think>\n\n'"))
        {
            return ChatTemplateVariant.NonThinking;
        }
        if (Has("<|im_start|>assistant\n<think>\n'"))
        {
            return ChatTemplateVariant.Thinking2507;
        }
        return Has("<tool_call>") && !Has("think>") ? ChatTemplateVariant.Instruct2507 : null;
    }

    public static CheckpointException Unknown(string place) =>
        new($"{place} is no chat template of Qwen3 (April 2025, July 2025, non-thinking, Instruct-2507, Thinking-2507): "
            + "put the template of the Qwen3 model that this checkpoint comes from in its place, or remove it to use the hybrid one.");

    /// <summary>The text, or in a list of named templates that of 'default'.</summary>
    private static string? Text(JsonElement root, string path)
    {
        if (!root.TryGetProperty("chat_template", out JsonElement template) || template.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        if (template.ValueKind == JsonValueKind.Array)
        {
            template = template.EnumerateArray().FirstOrDefault(entry =>
                entry.ValueKind == JsonValueKind.Object
                && entry.TryGetProperty("name", out JsonElement name) && JsonFile.Text(name) == "default");
            if (template.ValueKind == JsonValueKind.Object)
            {
                template.TryGetProperty("template", out template);
            }
        }
        return JsonFile.Text(template)
            ?? throw new CheckpointException($"{path}: chat_template should be a text, or a list with one named 'default'; download it again.");
    }
}
