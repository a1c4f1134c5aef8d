using Grpc.Core;
using Grpc.Core.Interceptors;
using Qwen3.Cluster.Gateway.Errors;

namespace Qwen3.Cluster.Gateway.Draining;

/// <summary>Counts the calls that are under way, and turns away new ones while the node drains; a client finds another node, or this one anew.</summary>
internal sealed class DrainInterceptor(OpenCalls calls) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Begin(context);
        try
        {
            return await continuation(request, context);
        }
        finally
        {
            calls.End();
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Begin(context);
        try
        {
            await using CancellationTokenRegistration cutOff = calls.CutOff.Register(context.GetHttpContext().Abort);
            await continuation(request, responseStream, context);
        }
        finally
        {
            calls.End();
        }
    }

    private void Begin(ServerCallContext context)
    {
        if (!calls.TryBegin())
        {
            throw ErrorStatus.Draining(RequestId.Of(context));
        }
    }
}
