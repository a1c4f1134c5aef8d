using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Client;

/// <summary>For who wants a reply whole rather than as it comes.</summary>
public static class ReplyEventExtensions
{
    /// <summary>Waits for the end of a stream and gives one of its replies.</summary>
    /// <param name="events">What <see cref="Qwen3Client.ChatAsync(ChatRequest, CancellationToken)"/> returns.</param>
    /// <param name="sample">Which of the replies to the prompt; from 0.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="InvalidOperationException">The stream ended without that reply: fewer were asked for.</exception>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public static async Task<Reply> ToReplyAsync(
        this IAsyncEnumerable<ReplyEvent> events, uint sample = 0, CancellationToken cancellationToken = default)
    {
        var builder = new ReplyBuilder(sample);
        await foreach (ReplyEvent reply in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            builder.Add(reply);
        }

        return builder.Reply ?? throw new InvalidOperationException($"The stream ended without a reply {sample}; ask for more with sampling.n.");
    }
}
