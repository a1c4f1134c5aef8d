using System.Text.Json;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class ChatTemplateTests
{
    private static readonly (string Key, ChatTemplateVariant Variant)[] RenderedVariants =
    [
        ("april2025", ChatTemplateVariant.April2025),
        ("july2025", ChatTemplateVariant.July2025),
        ("nonthinking", ChatTemplateVariant.NonThinking),
    ];

    private static readonly JsonElement Cases =
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "chat_template_cases.json"))).RootElement;

    public static TheoryData<string, ChatTemplateVariant, string> CaseNames()
    {
        var names = new TheoryData<string, ChatTemplateVariant, string>();
        foreach (JsonProperty item in Cases.EnumerateObject())
        {
            foreach ((string key, ChatTemplateVariant variant) in RenderedVariants)
            {
                names.Add(item.Name, variant, key);
            }
        }
        return names;
    }

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void Render_GivesWhatTheJinjaTemplateGives(string name, ChatTemplateVariant variant, string key)
    {
        JsonElement item = Cases.GetProperty(name);
        JsonElement expected = item.GetProperty(key);
        Func<string> render = () => Render(new ChatTemplate(variant), item.GetProperty("input"));

        if (expected.ValueKind == JsonValueKind.Object)
        {
            Assert.Throws<ArgumentException>(render);
        }
        else
        {
            Assert.Equal(expected.GetString(), render());
        }
    }

    [Fact]
    public void Render_Thinking2507_IsTheHybridOneWithAnOpenThinkBlock()
    {
        var template = new ChatTemplate(ChatTemplateVariant.Thinking2507);
        foreach (JsonProperty item in Cases.EnumerateObject())
        {
            JsonElement input = item.Value.GetProperty("input");
            string hybrid = item.Value.GetProperty("july2025").GetString()!;
            if (input.TryGetProperty("add_generation_prompt", out _))
            {
                hybrid = hybrid[..(hybrid.LastIndexOf("assistant\n", StringComparison.Ordinal) + "assistant\n".Length)] + "<think>\n";
            }

            Assert.Equal(hybrid, Render(template, input));
        }
    }

    [Fact]
    public void Render_Instruct2507_KeepsContentsAsTheyAre()
    {
        string prompt = new ChatTemplate(ChatTemplateVariant.Instruct2507).Render(
        [
            new(ChatRole.System, "S"),
            new(ChatRole.User, "Q"),
            new(ChatRole.Assistant, "<think>x</think>y", "not shown") { ToolCalls = [new("f", "{\"a\":[1,2.50]}")] },
            new(ChatRole.Tool, "r"),
        ]);

        Assert.Equal(
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n<think>x</think>y\n"
            + "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, 2.50]}}\n</tool_call><|im_end|>\n"
            + "<|im_start|>user\n<tool_response>\nr\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
            prompt);
    }

    [Fact]
    public void Render_AUserMessageThatWrapsToolResponses_IsNoQuestion()
    {
        string prompt = new ChatTemplate(ChatTemplateVariant.July2025).Render(
        [
            new(ChatRole.User, "Q"),
            new(ChatRole.Assistant, "<think>\nkept\n</think>\n\nA"),
            new(ChatRole.User, "<tool_response>\nr\n</tool_response>"),
        ]);

        Assert.Contains("kept", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NoMessages_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new ChatTemplate(ChatTemplateVariant.July2025).Render([]));
    }

    [Fact]
    public void Render_ToolsThatAreNoJson_AreRefusedByTheirPlace()
    {
        var template = new ChatTemplate(ChatTemplateVariant.July2025);
        ChatMessage call = new(ChatRole.Assistant, "") { ToolCalls = [new("f", "{")] };

        var tools = Assert.Throws<ArgumentException>(() => template.Render([new(ChatRole.User, "Q")], ["{}", "{\"a\""]));
        var arguments = Assert.Throws<ArgumentException>(() => template.Render([call]));

        Assert.Contains("tools[1]", tools.Message, StringComparison.Ordinal);
        Assert.Contains("'f'", arguments.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ChatTemplateVariant.April2025, ThinkingSupport.Hybrid)]
    [InlineData(ChatTemplateVariant.July2025, ThinkingSupport.Hybrid)]
    [InlineData(ChatTemplateVariant.NonThinking, ThinkingSupport.Never)]
    [InlineData(ChatTemplateVariant.Instruct2507, ThinkingSupport.Never)]
    [InlineData(ChatTemplateVariant.Thinking2507, ThinkingSupport.Always)]
    public void Thinking_FollowsTheVariant(ChatTemplateVariant variant, ThinkingSupport thinking)
    {
        Assert.Equal(thinking, new ChatTemplate(variant).Thinking);
    }

    private static string Render(ChatTemplate template, JsonElement input)
    {
        bool addGenerationPrompt = input.TryGetProperty("add_generation_prompt", out JsonElement add) && add.GetBoolean();
        bool? enableThinking = input.TryGetProperty("enable_thinking", out JsonElement enable) ? enable.GetBoolean() : null;
        string[] tools = input.TryGetProperty("tools", out JsonElement list) ? [.. list.EnumerateArray().Select(tool => tool.GetRawText())] : [];
        ChatMessage[] messages = [.. input.GetProperty("messages").EnumerateArray().Select(Message)];
        return template.Render(messages, tools, addGenerationPrompt, enableThinking);
    }

    private static ChatMessage Message(JsonElement message)
    {
        string? thinking = message.TryGetProperty("reasoning_content", out JsonElement reasoning) ? reasoning.GetString() : null;
        ToolCall[] calls = message.TryGetProperty("tool_calls", out JsonElement list) ? [.. list.EnumerateArray().Select(Call)] : [];
        return new ChatMessage(
            Enum.Parse<ChatRole>(message.GetProperty("role").GetString()!, ignoreCase: true),
            message.GetProperty("content").GetString(),
            thinking)
        { ToolCalls = calls };
    }

    private static ToolCall Call(JsonElement call)
    {
        JsonElement function = call.TryGetProperty("function", out JsonElement inner) ? inner : call;
        JsonElement arguments = function.GetProperty("arguments");
        return new ToolCall(
            function.GetProperty("name").GetString()!,
            arguments.ValueKind == JsonValueKind.String ? arguments.GetString()! : arguments.GetRawText());
    }
}
