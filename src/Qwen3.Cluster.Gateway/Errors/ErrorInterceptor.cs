using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace Qwen3.Cluster.Gateway.Errors;

/// <summary>Stands around every call: gives it its id in the logs, and turns what it throws into a status.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        using IDisposable? scope = BeginScope(context);
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw ToStatus(exception, context);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using IDisposable? scope = BeginScope(context);
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw ToStatus(exception, context);
        }
    }

    private IDisposable? BeginScope(ServerCallContext context) => logger.BeginScope("Request {RequestId}", RequestId.Of(context));

    private RpcException ToStatus(Exception exception, ServerCallContext context)
    {
        // Whatever a call throws once its client has gone, or its deadline has passed, is a consequence of that.
        if (context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
        }

        string requestId = RequestId.Of(context);
        if (ErrorStatus.For(exception, requestId) is { } status)
        {
            LogRefused(requestId, context.Method, status.StatusCode, exception.Message);
            return status;
        }

        LogFailed(exception, requestId, context.Method);
        return ErrorStatus.Internal(requestId);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Request {RequestId}: {Method} ends with {Status}: {Reason}")]
    private partial void LogRefused(string requestId, string method, StatusCode status, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId}: {Method} failed.")]
    private partial void LogFailed(Exception exception, string requestId, string method);
}
