using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public sealed class ChatTemplateFileTests : IDisposable
{
    private const string Message = "{{- '<|im_start|>' + message.role + '\\n' + content }}{{- '<|im_end|>\\n' }}";
    private const string Hybrid = Message + "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}";

    private readonly string _directory = Directory.CreateTempSubdirectory("template").FullName;

    public static TheoryData<string, ChatTemplateVariant?> Templates => new()
    {
        { Hybrid, ChatTemplateVariant.July2025 },
        { Hybrid + "{%- set content = message.content.split('</think>')[-1] %}", ChatTemplateVariant.April2025 },
        { Hybrid + "{%- set content = content.split('</think>')[-1] %}", ChatTemplateVariant.July2025 },
        { Message + "{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}", ChatTemplateVariant.NonThinking },
        { Message + "{{- '<|im_start|>assistant\\n<think>\\n' }}", ChatTemplateVariant.Thinking2507 },
        { Message + "{{- '<|im_start|>assistant\n<think>\n' }}", ChatTemplateVariant.Thinking2507 },
        { Message + "{{- '<tool_call>\\n{\"name\": \"' }}{{- '<|im_start|>assistant\\n' }}", ChatTemplateVariant.Instruct2507 },
        { Message + "{{- '<tool_call>\\n<function=' }}{{- '<|im_start|>assistant\\n' }}", null }, // Qwen3-Coder
        { Hybrid + "{{- '<tool_call>\\n<function=' }}", null },
        { "<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud.<|im_end|>{{- '<tool_call>' }}", null }, // Qwen2.5
        { "<|start_header_id|>{{ enable_thinking }}", null },
        { Message, null },
    };

    [Theory]
    [MemberData(nameof(Templates))]
    public void Recognise_TellsQwensTemplatesByTheirText(string text, ChatTemplateVariant? variant)
    {
        Assert.Equal(variant, ChatTemplateFile.Recognise(text));
    }

    [Fact]
    public void Load_TheJinjaFileGoesBeforeTheConfig()
    {
        Write("tokenizer_config.json", JsonSerializer.Serialize(new { chat_template = Hybrid }));
        Assert.Equal(ChatTemplateVariant.July2025, ChatTemplate.Load(_directory).Variant);

        Write("chat_template.jinja", Message + "{{- '<|im_start|>assistant\\n<think>\\n' }}");
        Assert.Equal(ChatTemplateVariant.Thinking2507, ChatTemplate.Load(_directory).Variant);
    }

    [Fact]
    public void Load_AListOfTemplates_TakesTheDefault()
    {
        var templates = new[] { new { name = "rag", template = "x" }, new { name = "default", template = Hybrid } };
        Write("tokenizer_config.json", JsonSerializer.Serialize(new { chat_template = templates }));

        Assert.Equal(ChatTemplateVariant.July2025, ChatTemplate.Load(_directory).Variant);
    }

    [Fact]
    public void Load_NoTemplate_IsTheHybridOne()
    {
        Assert.Equal(ChatTemplateVariant.July2025, ChatTemplate.Load(_directory).Variant);
        Write("tokenizer_config.json", "{\"chat_template\": null}");
        Assert.Equal(ChatTemplateVariant.July2025, ChatTemplate.Load(_directory).Variant);
    }

    [Theory]
    [InlineData("{\"chat_template\": \"{{ messages }}\"}", "no chat template of Qwen3")]
    [InlineData("{\"chat_template\": 5}", "should be a text")]
    [InlineData("{\"chat_template\": [{\"name\": 5}]}", "should be a text")]
    [InlineData("{\"chat_template\": ", "download")]
    public void Load_WhatItDoesNotKnow_IsRefusedInWords(string config, string expected)
    {
        Write("tokenizer_config.json", config);

        var error = Assert.Throws<CheckpointException>(() => ChatTemplate.Load(_directory));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer_config.json", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, name), text);
}
