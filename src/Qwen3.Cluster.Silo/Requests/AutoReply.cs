using System.Runtime.CompilerServices;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// A reply in the mode AUTO: the direct answer is begun and held back until it is known how sure the model is of it. Then it is given out and
/// goes on, or it is dropped and the model thinks first; what the prompts have in common is in the router's cache by then. The first sample
/// decides for all. The reader sees one reply, from its <see cref="ReplyStarted"/> on.
/// </summary>
/// <param name="calibration">What is sure.</param>
/// <param name="logprobs">The request's own wish for log-probabilities, see <see cref="SamplingSettings.Logprobs"/>.</param>
/// <param name="askDirect">Begins the direct answer, with log-probabilities of at least <see cref="LogprobsFor"/>.</param>
/// <param name="askThinking">Begins the reply with thinking.</param>
/// <param name="isInTime">Whether the response time is not over.</param>
internal sealed class AutoReply(
    AutoCalibration calibration,
    int? logprobs,
    Func<IAsyncEnumerable<ReplyEvent>> askDirect,
    Func<IAsyncEnumerable<ReplyEvent>> askThinking,
    Func<bool> isInTime)
{
    // About a paragraph.
    private const int OneStep = 64;

    private readonly AnswerProbe _probe = new(calibration);
    private readonly List<ReplyEvent> _held = [];

    /// <summary>How many log-probabilities the direct answer needs: the likeliest token's at least.</summary>
    /// <param name="logprobs">The request's own wish.</param>
    public static int LogprobsFor(int? logprobs) => Math.Max(logprobs ?? 1, 1);

    /// <summary>For how many tokens of thinking there must be time: with less the direct answer is the better reply.</summary>
    /// <param name="budget">The request's.</param>
    public static int LeastThinkingFor(BudgetSettings budget) => Math.Min(budget.MaxThinkingTokens ?? OneStep, OneStep);

    /// <summary>The events of the reply. Ending the enumeration stops the work.</summary>
    public async IAsyncEnumerable<ReplyEvent> Run([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<ReplyEvent> direct = askDirect().GetAsyncEnumerator(cancellationToken);

        // 1. The beginning of the answer, and how sure the model is of it.
        bool goesOn = await HoldBack(direct);

        // 2. Not sure: the thinking begins before the answer is dropped, so that there is a reply in any case.
        if (!_probe.IsSure && await Begin(askThinking(), cancellationToken) is { } thinking)
        {
            await using (thinking)
            {
                Task stopped = direct.DisposeAsync().AsTask();
                do
                {
                    yield return WithDropped(thinking.Current);
                }
                while (await thinking.MoveNextAsync());
                await stopped;
            }

            yield break;
        }

        // 3. Sure, or no time to think: what was held back, and the rest as it comes.
        foreach (ReplyEvent reply in _held)
        {
            yield return AsAskedFor(reply);
        }

        while (goesOn && await direct.MoveNextAsync())
        {
            yield return AsAskedFor(direct.Current);
        }
    }

    // Whether there may be more than what is held.
    private async Task<bool> HoldBack(IAsyncEnumerator<ReplyEvent> direct)
    {
        while (await direct.MoveNextAsync())
        {
            _held.Add(direct.Current);
            switch (direct.Current)
            {
                case ReplyDelta { Sample: 0 } delta:
                    foreach (Contracts.Messages.TokenLogprob token in delta.Logprobs)
                    {
                        // Words that were put in, not chosen, have none that is likelier.
                        _probe.Add(token.Top.Count > 0 ? token.Top[0].Logprob : token.Logprob);
                    }

                    break;
                case ReplyFinished { Sample: 0 }:
                    return true;
            }

            if (_probe.IsDecided)
            {
                return true;
            }
        }

        return false;
    }

    // Null when the thinking is not admitted: the direct answer, which is there, is the better reply.
    private async Task<IAsyncEnumerator<ReplyEvent>?> Begin(IAsyncEnumerable<ReplyEvent> replies, CancellationToken cancellationToken)
    {
        IAsyncEnumerator<ReplyEvent> events = replies.GetAsyncEnumerator(cancellationToken);
        bool hasBegun = false;
        try
        {
            // A reply that its time has ended has a first event too.
            hasBegun = isInTime() && await events.MoveNextAsync() && isInTime();
            return hasBegun ? events : null;
        }
        catch (Exception exception) when (exception is ResponseTimeException or QueueFullException or ModelUnavailableException)
        {
            return null;
        }
        finally
        {
            if (!hasBegun)
            {
                await events.DisposeAsync();
            }
        }
    }

    private ReplyEvent WithDropped(ReplyEvent reply) => reply is ReplyFinished finished
        ? finished with { Usage = finished.Usage with { DroppedTokens = DroppedOf(finished.Sample) } }
        : reply;

    private int DroppedOf(int sample) => _held.OfType<ReplyDelta>().Where(delta => delta.Sample == sample).Sum(delta => delta.TokenIds.Count);

    private ReplyEvent AsAskedFor(ReplyEvent reply) => reply is ReplyDelta delta && logprobs is null or 0
        ? ((ReplyDelta)reply) with { Logprobs = logprobs is null ? [] : [.. delta.Logprobs.Select(token => token with { Top = [] })] }
        : reply;
}
