using Grpc.Core;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Gateway.Errors;
using Qwen3.Cluster.Gateway.Mapping;

namespace Qwen3.Cluster.Gateway;

/// <summary>
/// The gRPC service: it turns messages into calls of grains and events into messages. The grains check fields and decide;
/// <see cref="ErrorInterceptor"/> turns what they throw into statuses.
/// </summary>
internal sealed class TextGenerationService(IGrainFactory grains, TimeProvider time) : Protos.TextGeneration.TextGenerationBase
{
    // Of the client's own deadline: for the reply's last event to reach it before it gives up.
    private static readonly TimeSpan WayBack = TimeSpan.FromMilliseconds(100);

    private IModelCatalogGrain Catalog => grains.GetGrain<IModelCatalogGrain>(0);

    /// <inheritdoc/>
    public override Task Chat(
        Protos.ChatRequest request, IServerStreamWriter<Protos.ReplyEvent> replies, ServerCallContext context) =>
        SendAsync(GatewayOf(context).Chat(request.ToCall() with { TimeLeft = TimeLeft(context) }, context.CancellationToken), request.Output, replies, context);

    /// <inheritdoc/>
    public override Task Generate(
        Protos.GenerateRequest request, IServerStreamWriter<Protos.ReplyEvent> replies, ServerCallContext context) =>
        SendAsync(GatewayOf(context).Generate(request.ToCall() with { TimeLeft = TimeLeft(context) }, context.CancellationToken), request.Output, replies, context);

    /// <inheritdoc/>
    public override async Task<Protos.TokenizeResponse> Tokenize(Protos.TokenizeRequest request, ServerCallContext context)
    {
        int[] ids = await Catalog.Tokenize(request.Model, request.Text, request.Plain, context.CancellationToken);
        return new Protos.TokenizeResponse { Ids = { ReplyMapping.ToTokenIds(ids) } };
    }

    /// <inheritdoc/>
    public override async Task<Protos.DetokenizeResponse> Detokenize(Protos.DetokenizeRequest request, ServerCallContext context)
    {
        string text = await Catalog.Detokenize(request.Model, RequestMapping.ToTokenIds(request.Ids), request.SkipSpecial);
        return new Protos.DetokenizeResponse { Text = text };
    }

    /// <inheritdoc/>
    public override async Task<Protos.ListModelsResponse> ListModels(Protos.ListModelsRequest request, ServerCallContext context)
    {
        IReadOnlyList<ModelDescription> models = await Catalog.List();
        return new Protos.ListModelsResponse { Models = { models.Select(model => model.ToProto()) } };
    }

    private IGatewayGrain GatewayOf(ServerCallContext context) => grains.GetGrain<IGatewayGrain>(RequestId.Of(context));

    private TimeSpan? TimeLeft(ServerCallContext context)
    {
        if (context.Deadline == DateTime.MaxValue)
        {
            return null;
        }

        TimeSpan left = context.Deadline - time.GetUtcNow().UtcDateTime - WayBack;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Sends events as they come. A client that reads slowly holds up the enumeration, not the memory of this process.</summary>
    private static async Task SendAsync(
        IAsyncEnumerable<ReplyEvent> events,
        Protos.OutputOptions? output,
        IServerStreamWriter<Protos.ReplyEvent> replies,
        ServerCallContext context)
    {
        bool withTokenIds = output is { TokenIds: true };
        await foreach (ReplyEvent reply in events.WithCancellation(context.CancellationToken))
        {
            await replies.WriteAsync(reply.ToProto(withTokenIds), context.CancellationToken);
        }
    }
}
