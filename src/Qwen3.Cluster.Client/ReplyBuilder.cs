using System.Text;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Client;

/// <summary>Puts one reply together from its events.</summary>
/// <param name="sample">Which of the replies to the prompt; from 0.</param>
internal sealed class ReplyBuilder(uint sample)
{
    private readonly StringBuilder _thinking = new();
    private readonly StringBuilder _answer = new();

    /// <summary>The reply once it has ended; null before.</summary>
    public Reply? Reply { get; private set; }

    /// <summary>Takes the next event; those of other replies are passed over.</summary>
    public void Add(ReplyEvent reply)
    {
        if (reply.Delta is { } delta && delta.Sample == sample)
        {
            (delta.Part == ReplyPart.Thinking ? _thinking : _answer).Append(delta.Text);
        }
        else if (reply.Finished is { } finished && finished.Sample == sample)
        {
            Reply = new Reply(_thinking.ToString(), _answer.ToString(), finished);
        }
    }
}
