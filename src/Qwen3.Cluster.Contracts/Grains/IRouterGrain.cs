using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>One replica of a model's trunk and its continuous batch. Key: <c>model/replica</c>.</summary>
[Alias("qwen3.IRouterGrain")]
public interface IRouterGrain : IGrainWithStringKey
{
    /// <summary>Adds a prompt to the batch and streams its replies: no <see cref="ReplyStarted"/>, one <see cref="ReplyFinished"/> for each sample.</summary>
    /// <exception cref="InvalidRequestException">The prompt cannot be served.</exception>
    /// <exception cref="QueueFullException">The queue is full.</exception>
    [Alias("Generate")]
    IAsyncEnumerable<ReplyEvent> Generate(RouterCall call, CancellationToken cancellationToken = default);

    /// <summary>What the router has to do at the moment. The first call loads the model, and returns when it is ready.</summary>
    [Alias("GetStatus")]
    Task<RouterStatus> GetStatus();
}
