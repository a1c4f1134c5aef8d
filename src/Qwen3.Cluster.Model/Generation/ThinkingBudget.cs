namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Where one reply stands in its thinking, token by token, and when the thinking has to be closed.
/// <para>
/// The limits bind the model's own thinking: after <see cref="ThinkingLimits.MaxTokens"/> tokens, or the blank line that closes
/// paragraph <see cref="ThinkingLimits.MaxSteps"/>, or when there is just time left for the answer, the close goes in, unless the model's next token closes the thinking anyway.
/// The words of the close count as neither. A reply thinks once: a tag that has been cannot be chosen again.
/// </para>
/// </summary>
internal sealed class ThinkingBudget
{
    private readonly ThinkingLimits _limits;
    private readonly ThinkingTags? _tags;
    private ParagraphCounter _paragraphs;
    private ThinkingEnd _closedBy = ThinkingEnd.Model;

    /// <param name="limits">The limits.</param>
    /// <param name="tags">The tokenizer's tags; null: it has none, and everything is answer.</param>
    /// <param name="startsInThinking">True when the prompt has opened the thinking.</param>
    public ThinkingBudget(ThinkingLimits limits, ThinkingTags? tags, bool startsInThinking)
    {
        _limits = limits;
        _tags = tags;
        bool thinks = startsInThinking && tags is not null;
        Part = thinks ? ReplyPart.Thinking : ReplyPart.Answer;
        BannedTokens = thinks ? [tags!.Start] : [];
    }

    /// <summary>Where the next token would stand.</summary>
    public ReplyPart Part { get; private set; }

    /// <summary>Tokens that may not be chosen next: the tags that have been.</summary>
    public int[] BannedTokens { get; private set; }

    /// <summary>Tokens of thinking that the model chose, between the tags.</summary>
    public int Tokens { get; private set; }

    /// <summary>Paragraphs of thinking that the model began.</summary>
    public int Steps => _paragraphs.Begun;

    /// <summary>Which limit puts the close in, once <see cref="MustClose"/> has said so; until then the model.</summary>
    public ThinkingEnd ClosedBy => _closedBy;

    /// <summary>What ended the thinking.</summary>
    public ThinkingEnd End { get; private set; }

    /// <summary>Whether the close has to go in instead of what the model has chosen.</summary>
    /// <param name="chosen">The model's next token.</param>
    /// <param name="timeIsUp">Whether there is just time left for the answer.</param>
    public bool MustClose(int chosen, bool timeIsUp = false)
    {
        if (Part != ReplyPart.Thinking || chosen == _tags!.End)
        {
            return false;
        }

        if (_paragraphs.Closed >= _limits.MaxSteps)
        {
            _closedBy = ThinkingEnd.Steps;
        }
        else if (Tokens >= _limits.MaxTokens)
        {
            _closedBy = ThinkingEnd.Tokens;
        }
        else if (timeIsUp)
        {
            _closedBy = ThinkingEnd.Time;
        }

        return _closedBy != ThinkingEnd.Model;
    }

    /// <summary>Takes the reply's next token.</summary>
    /// <param name="token">Its id; no end token.</param>
    /// <param name="utf8">Its bytes.</param>
    /// <param name="forced">True for a token of the close.</param>
    /// <returns>Where it stands; the tags are part of the thinking.</returns>
    public ReplyPart Accept(int token, ReadOnlySpan<byte> utf8, bool forced)
    {
        if (token == _tags?.Start)
        {
            Part = ReplyPart.Thinking;
            BannedTokens = [_tags.Start];
            return ReplyPart.Thinking;
        }

        if (token == _tags?.End)
        {
            // Without thinking before it, the tag is a slip of the model: it ends nothing.
            ReplyPart stood = Part;
            End = stood == ReplyPart.Thinking ? _closedBy : ThinkingEnd.None;
            Part = ReplyPart.Answer;
            BannedTokens = [_tags.Start, _tags.End];
            return stood;
        }

        if (Part == ReplyPart.Thinking && !forced)
        {
            Tokens++;
            _paragraphs.Append(utf8);
        }

        return Part;
    }
}
