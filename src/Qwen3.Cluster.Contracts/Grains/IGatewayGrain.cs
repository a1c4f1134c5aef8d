using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>One request, from its admission to its last event. Key: the request's id.</summary>
[Alias("qwen3.IGatewayGrain")]
public interface IGatewayGrain : IGrainWithStringKey
{
    /// <summary>Renders the conversation in the model's chat format and answers it.</summary>
    /// <exception cref="InvalidRequestException">A field cannot be served.</exception>
    /// <exception cref="ModelNotFoundException">No model of that name is loaded.</exception>
    /// <exception cref="QueueFullException">The router's queue is full.</exception>
    /// <exception cref="ResponseTimeException">No answer would be there within the response time.</exception>
    /// <exception cref="ModelUnavailableException">The model could not be loaded, or failed while it computed.</exception>
    [Alias("Chat")]
    IAsyncEnumerable<ReplyEvent> Chat(ChatCall call, CancellationToken cancellationToken = default);

    /// <summary>Continues a text or tokens as they are. Errors as in <see cref="Chat"/>.</summary>
    [Alias("Generate")]
    IAsyncEnumerable<ReplyEvent> Generate(GenerateCall call, CancellationToken cancellationToken = default);
}
