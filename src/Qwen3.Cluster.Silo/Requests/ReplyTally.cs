using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;
using ReplyPart = Qwen3.Cluster.Contracts.Messages.ReplyPart;
using ReplyUsage = Qwen3.Cluster.Contracts.Messages.ReplyUsage;
using ThinkingEnd = Qwen3.Cluster.Contracts.Messages.ThinkingEnd;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>Counts what a reply has spent from what was passed on of it, as the engine does from inside.</summary>
/// <param name="tokenizer">Gives the tokens' bytes.</param>
internal sealed class ReplyTally(Qwen3Tokenizer tokenizer)
{
    private readonly SpecialTokens _special = tokenizer.SpecialTokens;
    private ParagraphCounter _paragraphs;
    private int _replyTokens;
    private int _thinkingTokens;
    private ThinkingEnd _closedBy;
    private ThinkingEnd _end;

    /// <summary>Counts what was added.</summary>
    public void Add(ReplyDelta delta)
    {
        _replyTokens += delta.TokenIds.Count;
        if (delta.Part != ReplyPart.Thinking)
        {
            return;
        }

        _closedBy = delta.ClosedBy != ThinkingEnd.None ? delta.ClosedBy : _closedBy;
        foreach (int token in delta.TokenIds)
        {
            if (token == _special.ThinkEnd)
            {
                _end = _closedBy == ThinkingEnd.None ? ThinkingEnd.Model : _closedBy;
            }
            else if (token != _special.ThinkStart && token != _special.ImEnd && token != _special.EndOfText && delta.ClosedBy == ThinkingEnd.None)
            {
                _thinkingTokens++;
                _paragraphs.Append(tokenizer.TokenBytes(token));
            }
        }
    }

    /// <summary>What it comes to.</summary>
    public ReplyUsage ToUsage(int promptTokens, TimeSpan timeToFirstToken, TimeSpan duration) => new()
    {
        PromptTokens = promptTokens,
        ReplyTokens = _replyTokens,
        ThinkingTokens = _thinkingTokens,
        ThinkingSteps = _paragraphs.Begun,
        ThinkingEnd = _end,
        TimeToFirstToken = timeToFirstToken,
        Duration = duration,
    };
}
