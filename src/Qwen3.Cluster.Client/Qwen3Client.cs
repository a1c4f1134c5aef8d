using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Client;

/// <summary>
/// A client of <c>qwen3.v1.TextGeneration</c>. A call that the server cannot take yet (a full queue, a loading model) is tried again
/// before its first event, up to <see cref="MaxAttempts"/> times in all and when the server says; every other failure is a
/// <see cref="Qwen3ClientException"/>. Safe for use by many threads; make one for a process and keep it.
/// </summary>
/// <example>
/// <code>
/// using var client = new Qwen3Client("http://127.0.0.1:5080");
/// await foreach (ReplyEvent reply in client.ChatAsync("What is 47 + 38?"))
/// {
///     if (reply.Delta is { Part: ReplyPart.Answer } delta)
///     {
///         Console.Write(delta.Text);
///     }
/// }
/// </code>
/// </example>
public sealed class Qwen3Client : IDisposable
{
    /// <summary>How often a call is tried in all.</summary>
    public const int MaxAttempts = 5;

    // The proto's limit. It is also how much of a call is kept for another try.
    private const int MaxMessageBytes = 16 * 1024 * 1024;

    private readonly TextGeneration.TextGenerationClient _stub;
    private readonly GrpcChannel? _ownedChannel;

    /// <summary>A client with a channel of its own, which connects at the first call.</summary>
    /// <param name="address"><c>http://host:port</c>, or <c>https://…</c> for TLS.</param>
    /// <param name="configure">Changes the channel's options, for credentials or a retry policy of one's own.</param>
    public Qwen3Client(string address, Action<GrpcChannelOptions>? configure = null)
    {
        GrpcChannelOptions options = CreateChannelOptions();
        configure?.Invoke(options);
        _ownedChannel = GrpcChannel.ForAddress(address, options);
        _stub = new TextGeneration.TextGenerationClient(_ownedChannel);
    }

    /// <summary>A client over a channel that the caller made, keeps and disposes; retries are as the channel is configured.</summary>
    public Qwen3Client(GrpcChannel channel) => _stub = new TextGeneration.TextGenerationClient(channel);

    /// <summary>Asks one question, with the default model and its recommended settings. Events as in the other overload.</summary>
    public IAsyncEnumerable<ReplyEvent> ChatAsync(string question, CancellationToken cancellationToken = default) =>
        ChatAsync(new ChatRequest { Messages = { new Message { Role = Role.User, Content = question } } }, cancellationToken);

    /// <summary>
    /// Continues a conversation. The call starts with the enumeration; cancelling, or leaving the loop, stops the server's work.
    /// </summary>
    /// <returns>One <c>started</c>, <c>delta</c>s of thinking and answer, and one <c>finished</c> for each of the replies asked for.</returns>
    /// <exception cref="Qwen3ClientException">Thrown by the enumeration: the server refused, failed, or cannot be reached.</exception>
    public IAsyncEnumerable<ReplyEvent> ChatAsync(ChatRequest request, CancellationToken cancellationToken = default) =>
        ReadAsync((stub, token) => stub.Chat(request, cancellationToken: token), cancellationToken);

    /// <summary>
    /// Continues a text or tokens as they are, without a chat format. Events and errors as in
    /// <see cref="ChatAsync(ChatRequest, CancellationToken)"/>.
    /// </summary>
    public IAsyncEnumerable<ReplyEvent> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken = default) =>
        ReadAsync((stub, token) => stub.Generate(request, cancellationToken: token), cancellationToken);

    /// <summary>The models that the server has, the default one first.</summary>
    /// <exception cref="Qwen3ClientException">The server failed, or cannot be reached.</exception>
    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default)
    {
        var call = _stub.ListModelsAsync(new ListModelsRequest(), cancellationToken: cancellationToken);
        return (await call.ResponseAsync.Translate(cancellationToken).ConfigureAwait(false)).Models;
    }

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="model">A name that <see cref="ListModelsAsync"/> gives; empty: the default model.</param>
    /// <param name="plain">Read special tokens written in the text as ordinary text.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public async Task<IReadOnlyList<uint>> TokenizeAsync(
        string text, string model = "", bool plain = false, CancellationToken cancellationToken = default)
    {
        var request = new TokenizeRequest { Model = model, Text = text, Plain = plain };
        var call = _stub.TokenizeAsync(request, cancellationToken: cancellationToken);
        return (await call.ResponseAsync.Translate(cancellationToken).ConfigureAwait(false)).Ids;
    }

    /// <summary>The text of tokens.</summary>
    /// <param name="ids">Token ids, each below the model's vocabulary size.</param>
    /// <param name="model">A name that <see cref="ListModelsAsync"/> gives; empty: the default model.</param>
    /// <param name="skipSpecial">Leave out special tokens.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public async Task<string> DetokenizeAsync(
        IEnumerable<uint> ids, string model = "", bool skipSpecial = false, CancellationToken cancellationToken = default)
    {
        var request = new DetokenizeRequest { Model = model, Ids = { ids }, SkipSpecial = skipSpecial };
        var call = _stub.DetokenizeAsync(request, cancellationToken: cancellationToken);
        return (await call.ResponseAsync.Translate(cancellationToken).ConfigureAwait(false)).Text;
    }

    /// <summary>Closes the client's own channel; calls in progress end.</summary>
    public void Dispose() => _ownedChannel?.Dispose();

    private static GrpcChannelOptions CreateChannelOptions() => new()
    {
        MaxReceiveMessageSize = MaxMessageBytes,
        MaxSendMessageSize = MaxMessageBytes,
        MaxRetryBufferPerCallSize = MaxMessageBytes,
        MaxRetryBufferSize = 4 * MaxMessageBytes,
        MaxRetryAttempts = MaxAttempts,
        HttpHandler = new SocketsHttpHandler
        {
            // A connection carries a limited number of streams; further calls open another instead of waiting.
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        },
        DisposeHttpClient = true,
        ServiceConfig = new ServiceConfig
        {
            MethodConfigs =
            {
                new MethodConfig
                {
                    Names = { MethodName.Default },
                    RetryPolicy = new RetryPolicy
                    {
                        MaxAttempts = MaxAttempts,
                        // Where the server does not say when to come back.
                        InitialBackoff = TimeSpan.FromSeconds(0.5),
                        MaxBackoff = TimeSpan.FromSeconds(10),
                        BackoffMultiplier = 2,
                        RetryableStatusCodes = { StatusCode.ResourceExhausted, StatusCode.Unavailable },
                    },
                },
            },
        },
    };

    private async IAsyncEnumerable<ReplyEvent> ReadAsync(
        Func<TextGeneration.TextGenerationClient, CancellationToken, AsyncServerStreamingCall<ReplyEvent>> start,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<ReplyEvent> call = start(_stub, cancellationToken);
        while (await call.ResponseStream.MoveNext(CancellationToken.None).Translate(cancellationToken).ConfigureAwait(false))
        {
            yield return call.ResponseStream.Current;
        }
    }
}
