using System.Text;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>One reply as it is written: from the token that was chosen in a step to deltas, and to its end.</summary>
internal sealed class Reply
{
    private readonly ReplyRules _rules;
    private readonly ThinkingBudget _thinking;
    private readonly ReplyText _text;
    private readonly long _arrived;
    private readonly StringBuilder _newText = new();
    private readonly List<int> _newTokens = [];
    private readonly List<TokenLogprob> _newLogprobs = [];
    private ReplyPart _part;
    private string? _matchedStop;
    private ThinkingEnd _closedBy;
    private int _maxTokens;
    private TimeSpan _timeToFirstToken;

    /// <param name="rules">What all replies have in common.</param>
    /// <param name="request">The request.</param>
    /// <param name="sample">Which of its replies.</param>
    public Reply(ReplyRules rules, GenerationRequest request, int sample)
    {
        (_rules, Request, Sample) = (rules, request, sample);
        _thinking = new ThinkingBudget(request.Thinking, rules.Tags, request.StartsInThinking);
        _text = new ReplyText(rules.Tokenizer, request.Sampling.StopStrings, _thinking.Part);
        _arrived = rules.Time.GetTimestamp();
        Counts = TokenCounts.For(request);
        _part = _thinking.Part;
        _maxTokens = request.Sampling.MaxTokens;
    }

    /// <summary>The request.</summary>
    public GenerationRequest Request { get; }

    /// <summary>Which of its replies.</summary>
    public int Sample { get; }

    /// <summary>Tokens that it has.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Of these, tokens of the answer that the model chose.</summary>
    public int AnswerTokens { get; private set; }

    /// <summary>What ended the thinking.</summary>
    public ThinkingEnd ThinkingEnd => _thinking.End;

    /// <summary>Whether the next token would be one of thinking.</summary>
    public bool IsThinking => _thinking.Part == ReplyPart.Thinking;

    /// <summary>Tokens that the answer may have if the thinking is closed now.</summary>
    public int AnswerTokensLeft => TokensLeft - (_rules.Tags?.Close.Length ?? 0);

    /// <summary>Tokens that it may have yet.</summary>
    public int TokensLeft => Math.Min(_maxTokens, _rules.ContextLength - Request.Prompt.Length) - TokenCount;

    /// <summary>What penalties depend on; null when there are none.</summary>
    public TokenCounts? Counts { get; }

    /// <summary>Tokens that may not be chosen next.</summary>
    public ReadOnlySpan<int> BannedTokens => _thinking.BannedTokens;

    /// <summary>Tokens of the prompt that were found in the cache.</summary>
    public int CachedPromptTokens { get; set; }

    /// <summary>Drafts of it that ran.</summary>
    public int DraftedTokens { get; set; }

    /// <summary>Of these, those that were its next tokens.</summary>
    public int AcceptedTokens { get; set; }

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finish { get; private set; }

    /// <summary>
    /// Takes the token that was chosen, or the words that close the thinking in its place when the budget is spent. Those come as
    /// a whole: the model runs them as one chunk in the next step.
    /// </summary>
    /// <param name="chosen">The token.</param>
    /// <param name="logprob">Its log-probability, when asked for.</param>
    /// <param name="timeIsUp">Whether there is just time left for an answer.</param>
    /// <param name="deltas">Receives what the step adds to the reply.</param>
    /// <returns>The tokens that the reply has got.</returns>
    public ReadOnlySpan<int> Advance(int chosen, TokenLogprob? logprob, bool timeIsUp, List<GenerationDelta> deltas)
    {
        bool forced = _thinking.MustClose(chosen, timeIsUp);
        _closedBy = forced ? _thinking.ClosedBy : ThinkingEnd.None;
        int[] tokens = forced ? _rules.Tags!.Close : [chosen];
        int taken = 0;
        while (taken < tokens.Length && Finish is null)
        {
            int token = tokens[taken++];
            // The words of the close are not drawn, so their probability is 1.
            Take(token, forced, forced && logprob is not null ? new TokenLogprob(token, 0, []) : logprob, deltas);
        }

        Emit(deltas);
        return tokens.AsSpan(0, taken);
    }

    /// <summary>
    /// Takes the tokens that the reply has already got elsewhere: as if they had been chosen, but nothing is given out again. Where they are all of it,
    /// its end is: whoever has the last token may have been cut off before that. A close that time put in is put in again, at the same place.
    /// </summary>
    /// <param name="tokens">The tokens, from the first on.</param>
    /// <param name="deltas">Receives the end.</param>
    /// <returns>The tokens that the reply has now.</returns>
    /// <exception cref="RequestRefusedException">They cannot be the beginning of this reply.</exception>
    public IReadOnlyList<int> Replay(ReadOnlySpan<int> tokens, List<GenerationDelta> deltas)
    {
        List<int> all = [];
        List<GenerationDelta> given = [];
        ReadOnlySpan<int> left = tokens;
        int? closedByTimeAt = Request.ClosedByTimeAt?[Sample];
        while (!left.IsEmpty)
        {
            ReadOnlySpan<int> taken = Finish is null ? Advance(left[0], null, timeIsUp: all.Count == closedByTimeAt, given) : [];
            if (taken.Length > left.Length && taken.StartsWith(left))
            {
                // The words that close the thinking come as one, in several deltas; those after the last token are still to be given.
                deltas.AddRange(Rest(given, tokens.Length));
                all.AddRange(taken);
                return all;
            }

            if (taken.IsEmpty || !left.StartsWith(taken))
            {
                throw new RequestRefusedException(
                    "Written", $"The {tokens.Length} tokens of sample {Sample} are not what this request gives: its limits are others, or its model.");
            }

            all.AddRange(taken);
            left = left[taken.Length..];
        }

        if (Finish is not null)
        {
            deltas.Add(given[^1] with { Text = "", TokenIds = [], Logprobs = [] });
        }

        return all;
    }

    // The deltas behind the first so many tokens; a delta is given whole or not at all.
    private static IEnumerable<GenerationDelta> Rest(List<GenerationDelta> given, int tokens)
    {
        int seen = 0;
        return given.SkipWhile(delta => (seen += delta.TokenIds.Count) <= tokens);
    }

    /// <summary>Ends the reply where it stands, with what it has.</summary>
    public void Stop(FinishReason reason, List<GenerationDelta> deltas)
    {
        _closedBy = ThinkingEnd.None;
        End(reason);
        Emit(deltas);
    }

    private void Take(int token, bool forced, TokenLogprob? logprob, List<GenerationDelta> deltas)
    {
        if (TokenCount++ == 0)
        {
            _timeToFirstToken = _rules.Time.GetElapsedTime(_arrived);
        }

        Counts?.Add(token);
        bool isStop = !forced && Request.Sampling.StopTokenIds.Contains(token);
        bool isEnd = isStop || (!forced && _rules.EndTokens.Contains(token));
        bool isTag = !isEnd && _rules.Tags is { } tags && (token == tags.Start || token == tags.End);
        ReplyPart part = isEnd ? _thinking.Part : _thinking.Accept(token, _rules.Tokenizer.TokenBytes(token), forced);
        AnswerTokens += part == ReplyPart.Answer && !forced ? 1 : 0;
        if (forced && isTag && _maxTokens == int.MaxValue)
        {
            // Of the words behind the tag the model has chosen none.
            _maxTokens = TokenCount + (_rules.Tags!.Close.Length - Array.IndexOf(_rules.Tags.Close, token) - 1) + _rules.MaxForcedAnswerTokens;
        }

        if (isTag)
        {
            _newText.Append(_text.Begin(_thinking.Part));
        }

        if (part != _part)
        {
            Emit(deltas);
            _part = part;
        }

        _newTokens.Add(token);
        if (logprob is not null)
        {
            _newLogprobs.Add(logprob);
        }

        if (!isEnd && !isTag)
        {
            _newText.Append(forced ? _text.AppendForced(token) : _text.Append(token));
        }

        if (isEnd)
        {
            End(FinishReason.Stop, isStop ? _rules.Tokenizer.Decode([token]) : null);
        }
        else if (_text.FoundStop is { } stop)
        {
            End(FinishReason.Stop, stop);
        }
        else if (TokenCount == _maxTokens || Request.Prompt.Length + TokenCount == _rules.ContextLength)
        {
            End(FinishReason.Length);
        }
    }

    private void End(FinishReason reason, string? matchedStop = null)
    {
        _newText.Append(_text.Flush());
        (Finish, _matchedStop) = (reason, matchedStop);
    }

    /// <summary>Makes a delta of what is new.</summary>
    private void Emit(List<GenerationDelta> deltas)
    {
        if (_newTokens.Count == 0 && Finish is null)
        {
            return;
        }

        deltas.Add(new GenerationDelta
        {
            RequestId = Request.Id,
            Sample = Sample,
            Part = _part,
            Text = _newText.ToString(),
            TokenIds = [.. _newTokens],
            ClosedBy = _closedBy,
            Logprobs = [.. _newLogprobs],
            Finish = Finish,
            MatchedStop = _matchedStop,
            Usage = Finish is null ? null : Usage(),
        });
        _newText.Clear();
        _newTokens.Clear();
        _newLogprobs.Clear();
    }

    private ReplyUsage Usage() => new()
    {
        PromptTokens = Request.Prompt.Length,
        CachedPromptTokens = CachedPromptTokens,
        ThinkingTokens = _thinking.Tokens,
        ReplyTokens = TokenCount,
        ThinkingSteps = _thinking.Steps,
        ThinkingEnd = _thinking.End,
        DraftedTokens = DraftedTokens,
        AcceptedTokens = AcceptedTokens,
        TimeToFirstToken = _timeToFirstToken,
        Duration = _rules.Time.GetElapsedTime(_arrived),
    };
}
