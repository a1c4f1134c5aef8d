using System.Globalization;
using System.Text;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using GrainLogprob = Qwen3.Cluster.Contracts.Messages.TokenLogprob;
using TokenLogprob = Qwen3.Cluster.Model.Generation.TokenLogprob;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// All that a reply depends on, as one line: for each sample the tokens, the bits of the logprobs, the text, and why it ended. Two replies are
/// the same when their lines are, whether they came from an engine, from grains or over gRPC.
/// </summary>
internal sealed class ReplyTrace
{
    private readonly SortedDictionary<int, StringBuilder> _samples = [];
    private readonly SortedDictionary<int, string> _texts = [];
    private readonly SortedDictionary<int, string> _ends = [];

    public static string Of(IEnumerable<GenerationDelta> deltas)
    {
        ReplyTrace trace = new();
        foreach (GenerationDelta delta in deltas)
        {
            trace.Add(delta.Sample, delta.TokenIds, delta.Logprobs.Select(Describe), delta.Text);
            if (delta.Finish is { } finish)
            {
                trace._ends[delta.Sample] = finish.ToString();
            }
        }

        return trace.ToString();
    }

    public static async Task<string> Of(IAsyncEnumerable<ReplyEvent> events, CancellationToken cancellationToken)
    {
        ReplyTrace trace = new();
        await foreach (ReplyEvent reply in events.WithCancellation(cancellationToken))
        {
            switch (reply)
            {
                case ReplyDelta delta:
                    trace.Add(delta.Sample, delta.TokenIds, delta.Logprobs.Select(Describe), delta.Text);
                    break;
                case ReplyFinished finished:
                    trace._ends[finished.Sample] = finished.Reason.ToString();
                    break;
            }
        }

        return trace.ToString();
    }

    public static async Task<string> Of(IAsyncEnumerable<Protos.ReplyEvent> events, CancellationToken cancellationToken)
    {
        ReplyTrace trace = new();
        await foreach (Protos.ReplyEvent reply in events.WithCancellation(cancellationToken))
        {
            if (reply.Delta is { } delta)
            {
                trace.Add((int)delta.Sample, delta.TokenIds.Select(id => (int)id), delta.Logprobs.Select(Describe), delta.Text);
            }
            else if (reply.Finished is { } finished)
            {
                trace._ends[(int)finished.Sample] = finished.Reason.ToString();
            }
        }

        return trace.ToString();
    }

    public override string ToString() => string.Join(" | ", _samples.Select(sample =>
        $"{sample.Key} {_ends.GetValueOrDefault(sample.Key, "without an end")}:{sample.Value} '{_texts[sample.Key]}'"));

    private void Add(int sample, IEnumerable<int> tokens, IEnumerable<string> logprobs, string text)
    {
        if (!_samples.TryGetValue(sample, out StringBuilder? line))
        {
            _samples[sample] = line = new StringBuilder();
        }

        string[] logprobOf = [.. logprobs];
        int i = 0;
        foreach (int token in tokens)
        {
            line.Append(CultureInfo.InvariantCulture, $" {token}{(logprobOf.Length > 0 ? $"({logprobOf[i++]})" : "")}");
        }

        _texts[sample] = _texts.GetValueOrDefault(sample, "") + text;
    }

    private static string Describe(TokenLogprob logprob) =>
        Describe(logprob.TokenId, logprob.Logprob, logprob.Top.Select(Describe));

    private static string Describe(GrainLogprob logprob) =>
        Describe(logprob.TokenId, logprob.Logprob, logprob.Top.Select(Describe));

    private static string Describe(Protos.TokenLogprob logprob) =>
        Describe((int)logprob.TokenId, logprob.Logprob, logprob.Top.Select(Describe));

    private static string Describe(int token, float logprob, IEnumerable<string> top) =>
        $"{token}={BitConverter.SingleToUInt32Bits(logprob):X8} {string.Join(' ', top)}".TrimEnd();
}
