namespace Qwen3.Cluster.Model.Generation;

/// <summary>How fast an engine is, as just measured, and what an answer takes at that speed. Every time is 0 while it is not known.</summary>
public sealed record EnginePace
{
    private const double Margin = 1.25;

    /// <summary>How long a measurement says something: what is older may be of another load.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>When the latest step ended, a timestamp of the engine's clock.</summary>
    public long MeasuredAt { get; init; }

    /// <summary>From one token of a reply to the next.</summary>
    public TimeSpan TokenTime { get; init; }

    /// <summary>The mean of all: unlike <see cref="TokenTime"/> with the longest, which hold up all that wait as well.</summary>
    public TimeSpan MeanTokenTime { get; init; }

    /// <summary>The same as <see cref="TokenTime"/> where it takes long: nine tokens of ten come sooner.</summary>
    public TimeSpan LongTokenTime { get; init; }

    /// <summary>What a token of a prompt, in a chunk with others, adds to a step.</summary>
    public TimeSpan PromptTokenTime { get; init; }

    /// <summary>The words that close the thinking.</summary>
    public TimeSpan CloseTime { get; init; }

    /// <summary>Tokens that an answer has after thinking: nine of ten that models ended by themselves had fewer.</summary>
    public int TokensAfterThinking { get; init; }

    /// <summary>Tokens that an answer without thinking has, in the same sense.</summary>
    public int TokensOfDirectAnswer { get; init; }

    /// <summary>Tokens that a whole reply has, thinking included: three of four that no deadline shortened had fewer; 0 while it is not known.</summary>
    public int UsualTokens { get; init; }

    /// <summary>The mean of the same; 0 while it is not known.</summary>
    public double MeanTokens { get; init; }

    /// <summary>Whether enough was measured to say that something cannot be done.</summary>
    public bool IsKnown => TokenTime > TimeSpan.Zero;

    /// <summary>What a whole answer takes: so many tokens, with a margin for steps that take longer than before.</summary>
    public TimeSpan AnswerTime(int tokens) => IsKnown ? (tokens * Margin * TokenTime) + LongTokenTime : TimeSpan.Zero;

    /// <summary>The shortest reply worth waiting for: the rest of the prompt, and an answer for which the thinking, if there was any, was closed.</summary>
    /// <param name="promptTokens">Tokens of the prompt that are not in the cache.</param>
    /// <param name="maxTokens">Tokens that the reply may have.</param>
    public TimeSpan LeastReplyTime(int promptTokens, int maxTokens) =>
        (promptTokens * PromptTokenTime) + CloseTime + AnswerTime(Math.Min(maxTokens, Math.Min(TokensAfterThinking, TokensOfDirectAnswer)));

    /// <summary>A reply with the thinking that it usually has. Parameters as in <see cref="LeastReplyTime"/>, which it is at least.</summary>
    public TimeSpan UsualReplyTime(int promptTokens, int maxTokens)
    {
        TimeSpan least = LeastReplyTime(promptTokens, maxTokens);
        TimeSpan usual = (promptTokens * PromptTokenTime) + AnswerTime(Math.Min(maxTokens, UsualTokens));
        return usual > least ? usual : least;
    }

    /// <summary>How soon one more reply ends, of so many that run at once, where every one is let come to its own end; zero while that is not known.</summary>
    /// <param name="sequences">1 or more.</param>
    public TimeSpan WholeReplyInterval(int sequences) => MeanTokens > 0 ? MeanTokens * MeanTokenTime / sequences : TimeSpan.Zero;
}
