using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.UnitTests.Generation;
using ChatMessage = Qwen3.Cluster.Contracts.Messages.ChatMessage;
using ChatRole = Qwen3.Cluster.Contracts.Messages.ChatRole;
using ToolCall = Qwen3.Cluster.Contracts.Messages.ToolCall;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public class ChatPromptTests
{
    private static readonly ChatTemplate Hybrid = new(ChatTemplateVariant.July2025);
    private static readonly ChatTemplate Thinking = new(ChatTemplateVariant.Thinking2507);
    private static readonly ChatTemplate Instruct = new(ChatTemplateVariant.Instruct2507);

    [Fact]
    public void A_mode_that_the_model_does_not_have_is_named()
    {
        Assert.Contains("MODE_DEEP", ChatPrompt.WhyNot(ReplyMode.Deep, Instruct), StringComparison.Ordinal);
        Assert.Contains("MODE_FAST", ChatPrompt.WhyNot(ReplyMode.Fast, Thinking), StringComparison.Ordinal);
        foreach (ReplyMode mode in Enum.GetValues<ReplyMode>())
        {
            Assert.Null(ChatPrompt.WhyNot(mode, Hybrid));
        }

        Assert.Null(ChatPrompt.WhyNot(ReplyMode.Default, Thinking));
        Assert.Null(ChatPrompt.WhyNot(ReplyMode.Fast, Instruct));
        Assert.Null(ChatPrompt.WhyNot(ReplyMode.Auto, Thinking));
        Assert.Null(ChatPrompt.WhyNot(ReplyMode.Auto, Instruct));
    }

    [Theory]
    [InlineData(ReplyMode.Auto, "Hi")]
    [InlineData(ReplyMode.Deep, "Hi /think")]
    [InlineData(ReplyMode.Fast, "Hi /no_think")]
    [InlineData(ReplyMode.Deep, "Hi /no_think", "again /no_think or /think")]
    [InlineData(ReplyMode.Auto, "Hi /no_think", "again")]
    public void Auto_is_what_the_users_latest_message_says_of_it(ReplyMode expected, params string[] questions)
    {
        ChatCall call = Call([.. questions.Select(User), new ChatMessage { Role = ChatRole.Tool, Content = "/think /no_think" }]) with { Mode = ReplyMode.Auto };

        Assert.Equal(expected, ChatPrompt.Resolve(call, Hybrid));
        Assert.Equal(ReplyMode.Deep, ChatPrompt.Resolve(call, Thinking));
        Assert.Equal(ReplyMode.Fast, ChatPrompt.Resolve(call, Instruct));
        Assert.Equal(ReplyMode.Default, ChatPrompt.Resolve(call with { Mode = ReplyMode.Default }, Hybrid));
        Assert.Equal(ReplyMode.Deep, ChatPrompt.Resolve(call with { Mode = ReplyMode.Deep }, Hybrid));
    }

    [Fact]
    public void Auto_answers_at_once_where_no_thinking_is_allowed()
    {
        ChatCall call = Call(User("Hi")) with { Mode = ReplyMode.Auto, Budget = new BudgetSettings { MaxThinkingTokens = 0 } };
        Assert.Equal(ReplyMode.Fast, ChatPrompt.Resolve(call, Hybrid));
    }

    [Fact]
    public void A_conversation_is_rendered_with_its_tools_its_thinking_and_its_mode()
    {
        ChatCall call = Call(
            new ChatMessage { Role = ChatRole.System, Content = "Be brief." },
            User("a"),
            new ChatMessage { Role = ChatRole.Assistant, Content = "b", Thinking = "Hm.", ToolCalls = [new ToolCall { Name = "f", ArgumentsJson = "{\"x\":1}" }] },
            new ChatMessage { Role = ChatRole.Tool, Content = "r" }) with { Tools = ["{\"n\":2}"], Mode = ReplyMode.Fast };

        string prompt = ChatPrompt.Render(call, Hybrid);

        Assert.Equal(
            Hybrid.Render(
                [
                    new(Model.Tokenizer.ChatRole.System, "Be brief."),
                    new(Model.Tokenizer.ChatRole.User, "a"),
                    new(Model.Tokenizer.ChatRole.Assistant, "b", "Hm.") { ToolCalls = [new("f", "{\"x\":1}")] },
                    new(Model.Tokenizer.ChatRole.Tool, "r"),
                ],
                ["{\"n\":2}"],
                addGenerationPrompt: true,
                enableThinking: false),
            prompt);
        Assert.EndsWith("<think>\n\n</think>\n\n", prompt, StringComparison.Ordinal);
        Assert.EndsWith("<|im_start|>assistant\n", ChatPrompt.Render(call with { Mode = ReplyMode.Deep }, Hybrid), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Hi")]
    [InlineData(false, "Hi /no_think")]
    [InlineData(true, "Hi /no_think", "again /think")]
    [InlineData(false, "Hi /think", "again /no_think")]
    [InlineData(false, "/think or not /no_think")]
    [InlineData(false, "Hi /no_think", "again")]
    public void A_hybrid_model_thinks_unless_the_latest_word_on_it_says_otherwise(bool thinks, params string[] questions)
    {
        ChatCall call = Call([.. questions.Select(User), new ChatMessage { Role = ChatRole.Assistant, Content = "/think /no_think /think" }]);

        Assert.Equal(thinks, ChatPrompt.Thinks(call, Hybrid));
        Assert.True(ChatPrompt.Thinks(call with { Mode = ReplyMode.Deep }, Hybrid));
        Assert.False(ChatPrompt.Thinks(call with { Mode = ReplyMode.Fast }, Hybrid));
        Assert.True(ChatPrompt.Thinks(call, Thinking));
        Assert.False(ChatPrompt.Thinks(call, Instruct));
    }

    [Theory]
    [InlineData(true, "<|im_start|>assistant\n<think>\n")]
    [InlineData(true, "<think> so far")]
    [InlineData(false, "<think>\n\n</think>\n\n")]
    [InlineData(false, "<think> cut<|im_start|>assistant\n")]
    [InlineData(false, "<think> cut<|endoftext|>")]
    [InlineData(false, "Hi")]
    public void A_prompt_ends_in_thinking_where_its_last_message_opened_it(bool expected, string prompt) =>
        Assert.Equal(expected, ChatPrompt.EndsInThinking(TinyTokenizer.Thinking.Encode(prompt), TinyTokenizer.Thinking.SpecialTokens));

    private static ChatCall Call(params ChatMessage[] messages) => new() { Messages = messages };

    private static ChatMessage User(string content) => new() { Role = ChatRole.User, Content = content };
}
