using System.CommandLine;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The options that become fields of a request. Their ranges are the server's to check: it names the field.</summary>
public sealed class RequestArguments
{
    private readonly Option<string?> _mode = new("--mode")
    {
        Description = "fast: answer at once; deep: think first; auto: think first if the model is not sure of a direct answer. Without it: as the model does by itself.",
    };

    private readonly Option<uint?> _maxSteps = NumberOption.Whole<uint>("--max-steps", "Paragraphs of thinking, 1 to 32.");
    private readonly Option<uint?> _maxThinkingTokens = NumberOption.Whole<uint>("--max-thinking-tokens", "Tokens of thinking; 0: none.");
    private readonly Option<ulong?> _maxActiveParameters = NumberOption.Parameters(
        "--max-active-parameters", "Parameters that a token may use, such as 9.77B, 800M or 63000: a model of experts asks fewer of them.");

    private readonly Option<double?> _responseTime = NumberOption.Seconds("--response-time", "Seconds from the question to the reply's end, 0.5 to 30.");
    private readonly Option<uint?> _maxTokens = NumberOption.Whole<uint>("--max-tokens", "Tokens of the reply, thinking included.");
    private readonly Option<float?> _temperature = NumberOption.Fraction("--temperature", "0: the likeliest token; else up to 2.");
    private readonly Option<float?> _topP = NumberOption.Fraction("--top-p", "Sample from the likeliest tokens of this much probability.");
    private readonly Option<uint?> _topK = NumberOption.Whole<uint>("--top-k", "Sample from this many tokens; 0: all.");
    private readonly Option<float?> _minP = NumberOption.Fraction("--min-p", "Leave out what is less likely than this share of the likeliest.");
    private readonly Option<ulong?> _seed = NumberOption.Whole<ulong>("--seed", "The same seed gives the same reply.");
    private readonly Option<uint?> _maxDraftTokens = NumberOption.Whole<uint>(
        "--max-draft-tokens", "Guesses of the next tokens to compute beside the one that is due, 0 to 8; they change the speed alone.");

    private readonly Option<string?> _system = new("--system") { Description = "The system's message." };

    /// <summary>Makes the options part of a command.</summary>
    public RequestArguments(Command command)
    {
        _mode.AcceptOnlyFromAmong("fast", "deep", "auto");
        Option[] options = [_mode, _maxSteps, _maxThinkingTokens, _maxActiveParameters, _responseTime, _maxTokens, _temperature, _topP, _topK, _minP, _seed, _maxDraftTokens, _system];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>Sets what every request of the conversation has in common.</summary>
    public void Read(ParseResult parsed, ChatRequest request)
    {
        request.Mode = parsed.GetValue(_mode) switch { "fast" => Mode.Fast, "deep" => Mode.Deep, "auto" => Mode.Auto, _ => Mode.Unspecified };
        request.Sampling = ReadSampling(parsed);
        request.Budget = ReadBudget(parsed);
        Set(parsed, _maxDraftTokens, value => request.MaxDraftTokens = value);
        if (parsed.GetValue(_system) is { } system)
        {
            request.Messages.Add(new Message { Role = Role.System, Content = system });
        }
    }

    private Sampling ReadSampling(ParseResult parsed)
    {
        Sampling sampling = new();
        Set(parsed, _temperature, value => sampling.Temperature = value);
        Set(parsed, _topP, value => sampling.TopP = value);
        Set(parsed, _topK, value => sampling.TopK = value);
        Set(parsed, _minP, value => sampling.MinP = value);
        Set(parsed, _seed, value => sampling.Seed = value);
        Set(parsed, _maxTokens, value => sampling.MaxTokens = value);
        return sampling;
    }

    private ThinkingBudget ReadBudget(ParseResult parsed)
    {
        ThinkingBudget budget = new();
        Set(parsed, _maxSteps, value => budget.MaxSteps = value);
        Set(parsed, _maxThinkingTokens, value => budget.MaxThinkingTokens = value);
        Set(parsed, _maxActiveParameters, value => budget.MaxActiveParameters = value);
        Set(parsed, _responseTime, value => budget.ResponseTime = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(value)));
        return budget;
    }

    // A field that is not set takes the model's own value: an absent option must leave it so.
    private static void Set<T>(ParseResult parsed, Option<T?> option, Action<T> assign)
        where T : struct
    {
        if (parsed.GetValue(option) is { } value)
        {
            assign(value);
        }
    }
}
