using System.Runtime.CompilerServices;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Client;

/// <summary>
/// A conversation that remembers what was said, thinking and answers apart. For one user at a time: a question ends before the next.
/// </summary>
/// <example>
/// <code>
/// var conversation = new Conversation(client) { Request = { Mode = Mode.Fast } };
/// await foreach (ReplyEvent reply in conversation.AskAsync("What is 47 + 38?")) { … }
/// await foreach (ReplyEvent reply in conversation.AskAsync("And twice that?")) { … }
/// </code>
/// </example>
public sealed class Conversation(Qwen3Client client)
{
    /// <summary>The settings of the next question, and in its messages all that was said: a system message can open them.</summary>
    public ChatRequest Request { get; } = new();

    /// <summary>
    /// Asks the next question. Once the reply has ended, question and reply join the history (of several replies the first one);
    /// a reply that is cancelled or fails leaves it as it was.
    /// </summary>
    /// <exception cref="Qwen3ClientException">Thrown by the enumeration: the server refused, failed, or cannot be reached.</exception>
    public async IAsyncEnumerable<ReplyEvent> AskAsync(
        string question, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatRequest request = Request.Clone();
        request.Messages.Add(new Message { Role = Role.User, Content = question });
        var builder = new ReplyBuilder(sample: 0);
        await foreach (ReplyEvent reply in client.ChatAsync(request, cancellationToken).ConfigureAwait(false))
        {
            builder.Add(reply);
            if (reply.Finished is { Sample: 0 } && builder.Reply is { } whole)
            {
                Request.Messages.Add(request.Messages[^1]);
                Request.Messages.Add(new Message { Role = Role.Assistant, Thinking = whole.Thinking, Content = whole.Answer });
            }

            yield return reply;
        }
    }
}
