using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Chat;

/// <summary>
/// Each event as one line of JSON, for scripts: the proto's own field names, 64-bit numbers as text as proto JSON has them.
/// A reply is one <c>started</c>, any number of <c>delta</c> and one <c>finished</c>.
/// </summary>
public sealed class JsonReplyWriter(TextWriter output) : IReplyWriter
{
    /// <inheritdoc />
    public void Start(ReplyStarted started) => Write(new ReplyEvent { Started = started });

    /// <inheritdoc />
    public void Add(ReplyDelta delta) => Write(new ReplyEvent { Delta = delta });

    /// <inheritdoc />
    public void Finish(ReplyFinished finished, TimeSpan firstToken, Mode mode, ThinkingBudget budget) => Write(new ReplyEvent { Finished = finished });

    /// <inheritdoc />
    public void Stop() => Write(new ReplyEvent { Finished = new ReplyFinished { Reason = FinishReason.Cancelled } });

    /// <inheritdoc />
    public void Fail()
    {
    }

    private void Write(ReplyEvent reply) => ProtoJson.Write(output, reply);
}
