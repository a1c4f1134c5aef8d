using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Generation.Speculation;

namespace Qwen3.Cluster.UnitTests.Generation.Speculation;

/// <summary>Knows the replies, and drafts them with mistakes: each token is wrong with a given chance.</summary>
/// <param name="replies">The replies by request and sample.</param>
/// <param name="wrong">The chance, 0 to 1.</param>
internal sealed class KnowingDrafter(Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies, double wrong) : IDrafter
{
    private readonly Random _random = new(1);

    public bool IsFree => true;

    public void Draft(Sequence sequence, int count)
    {
        Reply reply = sequence.Reply;
        int[] tokens = replies[(reply.Request.Id, reply.Sample)].TokenIds;
        for (int i = 0; i < count; i++)
        {
            int position = reply.TokenCount + i;
            bool isWrong = position >= tokens.Length || _random.NextDouble() < wrong;
            sequence.AddDraft(isWrong ? _random.Next(TinyTokenizer.Size) : tokens[position]);
        }
    }

    public void Forget(Sequence sequence)
    {
    }
}
