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
    /// <exception cref="ModelUnavailableException">The model could not be loaded, or failed while it computed.</exception>
    [Alias("Generate")]
    IAsyncEnumerable<ReplyEvent> Generate(RouterCall call, CancellationToken cancellationToken = default);

    /// <summary>What the router has to do at the moment. The first call loads the model, and returns when it is ready.</summary>
    /// <exception cref="ModelUnavailableException">The model could not be loaded.</exception>
    [Alias("GetStatus"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<RouterStatus> GetStatus();

    /// <summary>Uses a map from the next step on; returns when no step uses an older one. Without effect on a router that is not loaded.</summary>
    [Alias("UseMap")]
    Task UseMap(ExpertMap map);
}
