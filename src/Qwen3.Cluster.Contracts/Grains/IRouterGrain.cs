using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>One replica of a model's trunk and its continuous batch. Key: <c>model/replica</c>.</summary>
[Alias("qwen3.IRouterGrain")]
public interface IRouterGrain : IGrainWithStringKey
{
    /// <summary>
    /// Adds a prompt to the batch and streams its replies: <see cref="ReplyStarted"/> once the queue has taken it, then
    /// <see cref="ReplyDelta"/>s, and one <see cref="ReplyFinished"/> for each sample. Ending the enumeration stops the work.
    /// A reader that takes nothing for a minute loses the stream.
    /// </summary>
    /// <exception cref="InvalidRequestException">The prompt cannot be served.</exception>
    /// <exception cref="QueueFullException">The queue is full.</exception>
    /// <exception cref="ResponseTimeException">No answer would be there in time.</exception>
    /// <exception cref="ModelUnavailableException">The model could not be loaded, or failed while it computed.</exception>
    [Alias("Generate")]
    IAsyncEnumerable<ReplyEvent> Generate(RouterCall call, CancellationToken cancellationToken = default);

    /// <summary>What the router has to do at the moment. The first call loads the model, and returns when it is ready.</summary>
    /// <exception cref="ModelUnavailableException">The model could not be loaded.</exception>
    [Alias("GetStatus"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<RouterStatus> GetStatus();

    /// <summary>What it would cost the router to take a prompt. Answers at once; a router that is not loaded says so, and begins to load.</summary>
    /// <param name="pages">The keys of the prompt's pages, see <c>PrefixKeys</c>.</param>
    [Alias("Offer")]
    Task<RouterOffer> Offer(UInt128[] pages);

    /// <summary>Stops here: its requests end with an error that says that another router goes on, and it comes back where it is placed next.</summary>
    [Alias("Leave")]
    Task Leave();

    /// <summary>The map that it uses; null while it is not loaded.</summary>
    [Alias("GetMap")]
    Task<ExpertMap?> GetMap();

    /// <summary>
    /// Uses a map from the next step on; returns when no step uses an older one. A router that is being loaded begins with it; one that is not
    /// loaded does nothing.
    /// </summary>
    [Alias("UseMap")]
    Task UseMap(ExpertMap map);
}
