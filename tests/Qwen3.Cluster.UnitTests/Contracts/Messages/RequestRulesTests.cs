using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.UnitTests.Contracts.Messages;

public class RequestRulesTests
{
    private const int Vocabulary = 100;

    public static TheoryData<string, SamplingSettings> BadSampling => new()
    {
        { "sampling.temperature", new() { Temperature = -0.1f } },
        { "sampling.temperature", new() { Temperature = 2.01f } },
        { "sampling.temperature", new() { Temperature = float.NaN } },
        { "sampling.temperature", new() { Temperature = float.PositiveInfinity } },
        { "sampling.top_p", new() { TopP = 0f } },
        { "sampling.top_p", new() { TopP = 1.01f } },
        { "sampling.top_p", new() { TopP = float.NaN } },
        { "sampling.top_k", new() { TopK = -1 } },
        { "sampling.min_p", new() { MinP = -0.01f } },
        { "sampling.min_p", new() { MinP = 1.01f } },
        { "sampling.min_p", new() { MinP = float.NaN } },
        { "sampling.presence_penalty", new() { PresencePenalty = -2.01f } },
        { "sampling.presence_penalty", new() { PresencePenalty = float.NegativeInfinity } },
        { "sampling.frequency_penalty", new() { FrequencyPenalty = 2.01f } },
        { "sampling.frequency_penalty", new() { FrequencyPenalty = float.NaN } },
        { "sampling.repetition_penalty", new() { RepetitionPenalty = 0.0099f } },
        { "sampling.repetition_penalty", new() { RepetitionPenalty = 1e-40f } },
        { "sampling.repetition_penalty", new() { RepetitionPenalty = 10.01f } },
        { "sampling.repetition_penalty", new() { RepetitionPenalty = float.NaN } },
        { "sampling.stop", new() { Stop = [.. Enumerable.Repeat("x", 17)] } },
        { "sampling.stop[1]", new() { Stop = ["x", ""] } },
        { "sampling.stop[0]", new() { Stop = [new string('x', 257)] } },
        { "sampling.stop_token_ids", new() { StopTokenIds = [.. Enumerable.Repeat(1, 65)] } },
        { "sampling.stop_token_ids[1]", new() { StopTokenIds = [99, 100] } },
        { "sampling.stop_token_ids[0]", new() { StopTokenIds = [-1] } },
        { "sampling.max_tokens", new() { MaxTokens = 0 } },
        { "sampling.n", new() { SampleCount = 0 } },
        { "sampling.n", new() { SampleCount = 17 } },
        { "output.logprobs", new() { Logprobs = 21 } },
        { "output.logprobs", new() { Logprobs = -1 } },
    };

    public static TheoryData<string, ChatCall> BadChats => new()
    {
        { "messages", new() { Messages = [] } },
        { "messages[1].role", Chat(User("Hi"), User("Hi") with { Role = (ChatRole)(-1) }) },
        { "messages[0].thinking", Chat(User("Hi") with { Thinking = "Hm." }) },
        { "messages[0].tool_calls", Chat(User("Hi") with { ToolCalls = [Call("f", "{}")] }) },
        { "messages[0].tool_calls[0].name", Chat(Assistant(Call("", "{}"))) },
        { "messages[0].tool_calls[1].arguments_json", Chat(Assistant(Call("f", "{}"), Call("f", "{\"a\":"))) },
        { "messages[0].tool_calls[0].arguments_json", Chat(Assistant(Call("f", "[1]"))) },
        { "messages[0].tool_calls[0].arguments_json", Chat(Assistant(Call("f", "{\"a\": [\"\\ud800\"]}"))) },
        { "tools[0]", Chat(User("Hi")) with { Tools = ["{\"\\udc00\": 1}"] } },
        { "tools[0]", Chat(User("Hi")) with { Tools = ["{\"a\": \"\ud800\"}"] } },
        { "tools[1]", Chat(User("Hi")) with { Tools = ["{}", "\"f\""] } },
        { "mode", Chat(User("Hi")) with { Mode = (ReplyMode)(-1) } },
        { "sampling.stop_token_ids", Chat(User("Hi")) with { Model = "auto", Sampling = new() { StopTokenIds = [1] } } },
        { "budget.max_steps", Chat(User("Hi")) with { Budget = new() { MaxSteps = 0 } } },
        { "budget.max_steps", Chat(User("Hi")) with { Budget = new() { MaxSteps = 33 } } },
        { "max_draft_tokens", Chat(User("Hi")) with { MaxDraftTokens = 9 } },
        { "max_draft_tokens", Chat(User("Hi")) with { MaxDraftTokens = -1 } },
        { "budget.max_thinking_tokens", Chat(User("Hi")) with { Budget = new() { MaxThinkingTokens = -1 } } },
    };

    public static TheoryData<string, GenerateCall> BadPrompts => new()
    {
        { "prompt", new() },
        { "max_draft_tokens", new() { Text = "Hi", MaxDraftTokens = 9 } },
        { "prompt", new() { Text = "Hi", TokenIds = [1] } },
        { "text", new() { Text = "" } },
        { "tokens.ids", new() { TokenIds = [] } },
        { "tokens.ids[2]", new() { TokenIds = [0, 99, 100] } },
        { "tokens.ids", new() { Model = "auto", TokenIds = [1] } },
        { "sampling.stop_token_ids", new() { Model = "auto", Text = "Hi", Sampling = new() { StopTokenIds = [1] } } },
        { "budget.max_steps", new() { Text = "Hi", Budget = new() { MaxSteps = 0 } } },
        { "budget.response_time", new() { Text = "Hi", Budget = new() { ResponseTime = TimeSpan.FromSeconds(0.499) } } },
        { "budget.response_time", new() { Text = "Hi", Budget = new() { ResponseTime = TimeSpan.FromSeconds(30.001) } } },
        { "budget.response_time", new() { Text = "Hi", Budget = new() { ResponseTime = TimeSpan.MinValue } } },
    };

    [Theory, MemberData(nameof(BadSampling))]
    public void Sampling_out_of_range_is_refused_by_name(string field, SamplingSettings sampling)
    {
        AssertRefuses(field, () => RequestRules.Check(Chat(User("Hi")) with { Sampling = sampling }, Vocabulary));
        AssertRefuses(field, () => RequestRules.Check(new GenerateCall { Text = "Hi", Sampling = sampling }, Vocabulary));
    }

    [Theory, MemberData(nameof(BadChats))]
    public void A_bad_conversation_is_refused_by_name(string field, ChatCall call) =>
        AssertRefuses(field, () => RequestRules.Check(call, Vocabulary));

    [Theory, MemberData(nameof(BadPrompts))]
    public void A_bad_prompt_is_refused_by_name(string field, GenerateCall call) =>
        AssertRefuses(field, () => RequestRules.Check(call, Vocabulary));

    [Fact]
    public void The_ends_of_every_range_pass()
    {
        SamplingSettings least = new()
        {
            Temperature = 0f, TopP = float.Epsilon, TopK = 0, MinP = 0f, PresencePenalty = -2f, FrequencyPenalty = -2f,
            RepetitionPenalty = 0.01f, Stop = ["x"], StopTokenIds = [0], MaxTokens = 1, SampleCount = 1, Logprobs = 0,
        };
        SamplingSettings most = new()
        {
            Temperature = 2f, TopP = 1f, TopK = int.MaxValue, MinP = 1f, PresencePenalty = 2f, FrequencyPenalty = 2f,
            RepetitionPenalty = 10f, Stop = [.. Enumerable.Repeat(string.Concat(Enumerable.Repeat("😀", 256)), 16)],
            StopTokenIds = [.. Enumerable.Repeat(Vocabulary - 1, 64)], MaxTokens = int.MaxValue, SampleCount = 16, Logprobs = 20,
        };

        RequestRules.Check(
            Chat(User("Hi"), Assistant(Call("f", "{\"a\": 1}")) with { Thinking = "Hm." }) with
            {
                Tools = ["{}"], Sampling = least, Budget = new() { MaxSteps = 1, MaxThinkingTokens = 0, ResponseTime = TimeSpan.FromSeconds(0.5) },
            },
            Vocabulary);
        RequestRules.Check(
            new GenerateCall { TokenIds = [0, Vocabulary - 1], Sampling = most, Budget = new() { MaxSteps = 32, ResponseTime = TimeSpan.FromSeconds(30) } }, Vocabulary);
    }

    [Fact]
    public void Every_violation_is_told_at_once_in_the_order_of_the_request()
    {
        ChatCall call = Chat(User("Hi") with { Thinking = "Hm." }) with
        {
            Sampling = new() { TopP = 1.5f, SampleCount = 99 }, Budget = new() { MaxSteps = 40 },
        };

        var refusal = Assert.Throws<InvalidRequestException>(() => RequestRules.Check(call, Vocabulary));

        Assert.Equal(
            ["messages[0].thinking", "sampling.top_p", "sampling.n", "budget.max_steps"],
            refusal.Violations.Select(violation => violation.Field));
        Assert.Equal("must be above 0 and at most 1, not 1.5.", refusal.Violations[1].Description);
        Assert.Contains("sampling.n: must be 1 to 16, not 99.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_bad_throughout_is_told_of_the_first_16() =>
        Assert.Equal(16, Assert.Throws<InvalidRequestException>(
            () => RequestRules.CheckTokens("ids", [.. Enumerable.Repeat(Vocabulary, 1_000)], Vocabulary)).Violations.Count);

    private static void AssertRefuses(string field, Action check)
    {
        FieldViolation violation = Assert.Single(Assert.Throws<InvalidRequestException>(check).Violations);
        Assert.Equal(field, violation.Field);
        Assert.NotEmpty(violation.Description);
    }

    private static ChatCall Chat(params ChatMessage[] messages) => new() { Messages = messages };

    private static ChatMessage User(string content) => new() { Role = ChatRole.User, Content = content };

    private static ChatMessage Assistant(params ToolCall[] calls) => new() { Role = ChatRole.Assistant, ToolCalls = calls };

    private static ToolCall Call(string name, string arguments) => new() { Name = name, ArgumentsJson = arguments };
}
