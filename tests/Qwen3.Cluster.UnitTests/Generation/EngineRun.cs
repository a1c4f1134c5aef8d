using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>Runs engines to their end and puts replies together from their deltas.</summary>
internal static class EngineRun
{
    /// <summary>A reply as a client has it in the end.</summary>
    public sealed record ReplyOf(string Thinking, string Answer, int[] TokenIds, TokenLogprob[] Logprobs, GenerationDelta Last);

    /// <summary>Steps until there is nothing to do.</summary>
    public static List<GenerationDelta> RunToEnd(this Engine engine)
    {
        List<GenerationDelta> deltas = [];
        for (int steps = 0; engine.HasWork; steps++)
        {
            Assert.True(steps < 100_000, "The engine makes no progress.");
            deltas.AddRange(engine.Step());
        }

        return deltas;
    }

    /// <summary>Runs one request alone.</summary>
    public static ReplyOf Answer(this Engine engine, GenerationRequest request)
    {
        Assert.True(engine.TryAdd(request));
        return Collect(engine.RunToEnd())[(request.Id, 0)];
    }

    /// <summary>Puts the replies together, and checks what holds for the deltas of every reply.</summary>
    public static Dictionary<(string Id, int Sample), ReplyOf> Collect(IEnumerable<GenerationDelta> deltas)
    {
        Dictionary<(string, int), ReplyOf> replies = [];
        foreach (IGrouping<(string, int), GenerationDelta> own in deltas.GroupBy(delta => (delta.RequestId, delta.Sample)))
        {
            GenerationDelta last = own.Last();
            Assert.All(own, delta => Assert.Equal(delta == last, delta.Finish is not null));
            Assert.Equal(last.Finish is null, last.Usage is null);
            int[] tokenIds = [.. own.SelectMany(delta => delta.TokenIds)];
            Assert.Equal(tokenIds.Length, last.Usage!.ReplyTokens);
            replies.Add(own.Key, new ReplyOf(Text(ReplyPart.Thinking), Text(ReplyPart.Answer), tokenIds, [.. own.SelectMany(delta => delta.Logprobs)], last));

            string Text(ReplyPart part) => string.Concat(own.Where(delta => delta.Part == part).Select(delta => delta.Text));
        }

        return replies;
    }
}
