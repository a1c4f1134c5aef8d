using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Chat;

/// <summary>Shows one reply after the other, event by event.</summary>
public interface IReplyWriter
{
    /// <summary>A reply begins.</summary>
    void Start(ReplyStarted started);

    /// <summary>Text was added.</summary>
    void Add(ReplyDelta delta);

    /// <summary>The reply is whole.</summary>
    /// <param name="finished">Why it ended, and what it spent.</param>
    /// <param name="firstToken">From asking to the first token, as the client saw it.</param>
    /// <param name="mode">What was asked for.</param>
    /// <param name="budget">What was allowed.</param>
    void Finish(ReplyFinished finished, TimeSpan firstToken, Mode mode, ThinkingBudget budget);

    /// <summary>The user stopped the reply.</summary>
    void Stop();

    /// <summary>The call failed in mid-reply; whoever asked reports the error.</summary>
    void Fail();
}
