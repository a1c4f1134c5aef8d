using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Gateway.Errors;

/// <summary>Which status a client gets for what a grain threw, with Google's standard details.</summary>
internal static class ErrorStatus
{
    // gRPC's own name for it; a negative value forbids a retry: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
    private const string PushbackTrailer = "grpc-retry-pushback-ms";
    private static readonly TimeSpan DrainRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>The status for a failure that the client can understand, or null for one that is the server's own.</summary>
    public static RpcException? For(Exception exception, string requestId) => exception switch
    {
        InvalidRequestException invalid =>
            Create(StatusCode.InvalidArgument, invalid.Message, requestId, ToBadRequest(invalid)),

        ModelNotFoundException missing =>
            Create(StatusCode.NotFound, missing.Message, requestId),

        QueueFullException full =>
            WithRetry(full.RetryAfter, StatusCode.ResourceExhausted, full.Message, requestId),

        ResponseTimeException late =>
            WithRetry(late.RetryAfter, StatusCode.ResourceExhausted, late.Message, requestId, ToErrorInfo(late)),

        ModelUnavailableException { RetryAfter: { } retryAfter } loading =>
            WithRetry(retryAfter, StatusCode.Unavailable, loading.Message, requestId),

        ModelUnavailableException broken =>
            WithPushback("-1", Create(StatusCode.Unavailable, broken.Message, requestId)),

        // A silo that is gone, or a grain that went with it. Another try may find another replica.
        _ when LostCall.Is(exception) =>
            Create(StatusCode.Unavailable, $"The cluster did not answer the request {requestId}; try it again.", requestId),

        _ => null,
    };

    /// <summary>The status for a call that came to a node that shuts down. Another try finds another node, or this one started again.</summary>
    public static RpcException Draining(string requestId) =>
        WithRetry(DrainRetryAfter, StatusCode.Unavailable, $"This node shuts down and takes nothing new; try the request {requestId} again.", requestId);

    /// <summary>The status for a failure of the server itself: it names the request, not the cause.</summary>
    public static RpcException Internal(string requestId) =>
        Create(StatusCode.Internal, $"The server failed at the request {requestId}; its log has the cause under that id.", requestId);

    private static RpcException WithRetry(TimeSpan retryAfter, StatusCode code, string message, string requestId, params IMessage[] details)
    {
        string milliseconds = Math.Ceiling(retryAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        var retryInfo = new RetryInfo { RetryDelay = Duration.FromTimeSpan(retryAfter) };
        return WithPushback(milliseconds, Create(code, message, requestId, [retryInfo, .. details]));
    }

    private static RpcException WithPushback(string milliseconds, RpcException exception)
    {
        exception.Trailers.Add(PushbackTrailer, milliseconds);
        return exception;
    }

    private static RpcException Create(StatusCode code, string message, string requestId, params IMessage[] details)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        status.Details.Add(details.Select(Any.Pack));
        status.Details.Add(Any.Pack(new RequestInfo { RequestId = requestId }));
        return status.ToRpcException();
    }

    private static ErrorInfo ToErrorInfo(ResponseTimeException late) => new()
    {
        Reason = "RESPONSE_TIME",
        Domain = "qwen3",
        Metadata = { ["earliest_seconds"] = late.Earliest.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) },
    };

    private static BadRequest ToBadRequest(InvalidRequestException invalid) => new()
    {
        FieldViolations =
        {
            invalid.Violations.Select(violation => new BadRequest.Types.FieldViolation
            {
                Field = violation.Field,
                Description = violation.Description,
            }),
        },
    };
}
