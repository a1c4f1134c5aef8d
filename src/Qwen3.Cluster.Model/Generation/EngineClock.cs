using Qwen3.Cluster.Model.Generation.Speculation;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>Measures an engine's steps and the lengths of its answers, and tells from them when there is just time left for an answer.</summary>
internal sealed class EngineClock
{
    // As many steps as tell the speed of the batch as it is now.
    private const int RecentSteps = 32;
    private const int RecentAnswers = 64;

    // One or two steps may be the first of a process, or what a garbage collection made of them.
    private const int FewestSteps = 8;
    private const int FewestAnswers = 4;

    // Before answers were measured.
    private const int AnswerTokens = 32;

    private const double Most = 0.9;
    private const double Usual = 0.75;

    private readonly TimeProvider _time;
    private readonly int _closeTokens;
    private readonly RecentValues _steps = new(RecentSteps);
    private readonly RecentValues _tokens = new(RecentSteps);
    private readonly RecentValues _promptTokens = new(RecentSteps / 2);
    private readonly RecentValues _direct = new(RecentAnswers);
    private readonly RecentValues _afterThinking = new(RecentAnswers);
    private readonly RecentValues _replies = new(RecentAnswers);
    private long _started;
    private long? _lastEnd;

    /// <param name="time">The clock.</param>
    /// <param name="closeTokens">Tokens of the words that close the thinking.</param>
    public EngineClock(TimeProvider time, int closeTokens)
    {
        (_time, _closeTokens) = (time, closeTokens);
        Pace = Measure();
    }

    /// <summary>As of the last step.</summary>
    public EnginePace Pace { get; private set; }

    /// <summary>What a row adds to a step of replies.</summary>
    public RowCost Rows { get; } = new();

    /// <summary>The present.</summary>
    public long Now => _time.GetTimestamp();

    /// <summary>A step begins.</summary>
    /// <param name="goesOn">Whether replies were under way already: then the time since the last step is part of what they wait for a token.</param>
    public void BeginStep(bool goesOn)
    {
        long now = Now;
        if (_lastEnd is { } end && _time.GetElapsedTime(end, now) > EnginePace.Lifetime)
        {
            _steps.Clear();
            _tokens.Clear();
            _promptTokens.Clear();
        }

        _started = goesOn && _lastEnd is { } last ? last : now;
    }

    /// <summary>A step ended.</summary>
    /// <param name="rows">Rows that the model ran.</param>
    /// <param name="sequences">Whose rows they were.</param>
    /// <param name="draftRows">Rows of drafts among them.</param>
    /// <returns>How long it took.</returns>
    public TimeSpan EndStep(int rows, int sequences, int draftRows)
    {
        long now = Now;
        TimeSpan elapsed = _time.GetElapsedTime(_started, now);
        _lastEnd = now;

        // What a step takes anyway is not the chunk's.
        double alone = rows - draftRows > sequences ? _steps.Quantile(0) : 0;
        _steps.Add(elapsed.TotalSeconds);

        // Drafts may fail from now on: what a token takes is what it would have taken without them.
        _tokens.Add(elapsed.TotalSeconds * Rows.Part(rows - draftRows, rows));
        rows -= draftRows;
        if (rows > sequences)
        {
            _promptTokens.Add(Math.Max(0, elapsed.TotalSeconds - alone) / (rows - sequences));
        }
        else
        {
            Rows.Add(rows + draftRows, elapsed.TotalSeconds);
        }

        Pace = Measure();
        return elapsed;
    }

    /// <summary>A reply was ended by the model.</summary>
    public void AddReply(Reply reply)
    {
        (reply.ThinkingEnd == ThinkingEnd.None ? _direct : _afterThinking).Add(reply.AnswerTokens);
        if (reply.ThinkingEnd != ThinkingEnd.Time)
        {
            _replies.Add(reply.TokenCount);
        }
    }

    /// <summary>Whether a time is reached, or would be passed by another step.</summary>
    public bool IsTimeToEnd(long deadline) => Until(deadline) <= Pace.LongTokenTime;

    /// <summary>Whether the thinking has to be closed now for an answer to be there in time.</summary>
    /// <param name="deadline">When the reply ends.</param>
    /// <param name="tokensLeft">Tokens that the reply may still have behind the close.</param>
    public bool IsTimeToClose(long deadline, int tokensLeft) =>
        Until(deadline) < Pace.LongTokenTime + Pace.CloseTime + Pace.AnswerTime(Math.Clamp(tokensLeft, 0, Pace.TokensAfterThinking));

    /// <summary>
    /// The times at which a reply has to be begun so that it is there in time: with the thinking that it usually has, and with none. Both are the later one
    /// where the first is over.
    /// </summary>
    public (long Whole, long Short) LatestStarts(long deadline, int promptTokens, int maxTokens)
    {
        long whole = deadline - Ticks(Pace.UsualReplyTime(promptTokens, maxTokens));
        long shortest = deadline - Ticks(Pace.LeastReplyTime(promptTokens, maxTokens));
        return (whole >= Now ? whole : shortest, shortest);
    }

    /// <summary>The time so much after the present.</summary>
    public long After(TimeSpan delay) => Now + Ticks(delay);

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private TimeSpan Until(long deadline) => _time.GetElapsedTime(Now, deadline);

    private EnginePace Measure()
    {
        bool isKnown = _steps.Count >= FewestSteps;
        var pace = new EnginePace
        {
            TokensAfterThinking = Length(_afterThinking),
            TokensOfDirectAnswer = Length(_direct),
            UsualTokens = _replies.Count < FewestAnswers ? 0 : (int)_replies.Quantile(Usual),
            MeanTokens = _replies.Count < FewestAnswers ? 0 : _replies.MeanOfAll,
            MeasuredAt = _lastEnd ?? 0,
        };
        return !isKnown ? pace : pace with
        {
            TokenTime = TimeSpan.FromSeconds(_tokens.Mean),
            MeanTokenTime = TimeSpan.FromSeconds(_tokens.MeanOfAll),
            LongTokenTime = TimeSpan.FromSeconds(_steps.Quantile(Most)),
            PromptTokenTime = TimeSpan.FromSeconds(_promptTokens.Mean),
            CloseTime = TimeSpan.FromSeconds(_steps.Quantile(Most) + (_closeTokens * _promptTokens.Mean)),
        };
    }

    private static int Length(RecentValues answers) => answers.Count < FewestAnswers ? AnswerTokens : (int)Math.Ceiling(answers.Quantile(Most));
}
