using System.Runtime.CompilerServices;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// One request on its way through the models that could answer it: the first that admits it does. One that is not loaded, is full, cannot
/// be in time, or has too short a context gives way to the next; the last is asked in any case, whatever it does.
/// </summary>
/// <param name="choices">The models, in the order in which they are asked; at least one.</param>
/// <param name="isReady">Whether a model takes requests now.</param>
/// <param name="ask">Asks one. Its first event says that the request is admitted.</param>
internal sealed class PortfolioRequest(
    IReadOnlyList<ModelChoice> choices, Func<ModelChoice, Task<bool>> isReady, Func<ModelChoice, IAsyncEnumerable<ReplyEvent>> ask)
{
    // A model is loaded in seconds or minutes, and nobody knows in how many.
    private static readonly TimeSpan RetryLoadingAfter = TimeSpan.FromSeconds(5);

    /// <summary>The events of the reply.</summary>
    /// <exception cref="Exception">What the only model said; of several, that of the one which can be asked again soonest, with what each of them said.</exception>
    public async IAsyncEnumerable<ReplyEvent> Run([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var refusals = new List<Exception>();
        for (int i = 0; i < choices.Count; i++)
        {
            ModelChoice choice = choices[i];
            if (i < choices.Count - 1 && !await isReady(choice))
            {
                refusals.Add(new ModelUnavailableException(
                    choice.Model.Name, RetryLoadingAfter, $"The model '{choice.Model.Name}' does not take requests yet: it is being loaded."));
                continue;
            }

            await using IAsyncEnumerator<ReplyEvent> events = ask(choice).GetAsyncEnumerator(cancellationToken);
            bool hasEvent;
            try
            {
                hasEvent = await events.MoveNextAsync();
            }
            catch (Exception exception) when (choices.Count > 1 && GivesWay(exception))
            {
                refusals.Add(exception);
                continue;
            }

            for (; hasEvent; hasEvent = await events.MoveNextAsync())
            {
                yield return events.Current;
            }

            yield break;
        }

        throw Summary(refusals);
    }

    private static bool GivesWay(Exception exception) =>
        exception is ResponseTimeException or QueueFullException or ModelUnavailableException or InvalidRequestException;

    private static Exception Summary(IReadOnlyList<Exception> refusals)
    {
        string message = $"None of the models can answer. {string.Join(' ', refusals.Select(refusal => refusal.Message))}";
        return refusals.MinBy(WaitAfter) switch
        {
            ResponseTimeException late => new ResponseTimeException(
                refusals.OfType<ResponseTimeException>().Min(refusal => refusal.Earliest), late.RetryAfter, message),
            QueueFullException full => new QueueFullException(full.RetryAfter, message),
            ModelUnavailableException unavailable => new ModelUnavailableException(unavailable.Model, unavailable.RetryAfter, message),
            _ => refusals[^1],
        };
    }

    // A request that cannot be served never can.
    private static TimeSpan WaitAfter(Exception refusal) => refusal switch
    {
        ResponseTimeException late => late.RetryAfter,
        QueueFullException full => full.RetryAfter,
        ModelUnavailableException unavailable => unavailable.RetryAfter ?? TimeSpan.FromDays(1),
        _ => TimeSpan.MaxValue,
    };
}
