using Google.Rpc;
using Grpc.Core;

namespace Qwen3.Cluster.Client;

/// <summary>The server refused a call, failed at it, or cannot be reached.</summary>
public sealed class Qwen3ClientException : Exception
{
    /// <summary>Reads Google's standard details from a failed call.</summary>
    public Qwen3ClientException(RpcException exception)
        : this(exception, exception.Trailers.GetRpcStatus(ignoreParseError: true))
    {
    }

    private Qwen3ClientException(RpcException exception, Google.Rpc.Status? details)
        : base(Describe(exception.Status, details), exception)
    {
        StatusCode = exception.StatusCode;
        Violations =
        [
            .. (details?.GetDetail<BadRequest>()?.FieldViolations ?? [])
                .Select(violation => new FieldViolation(violation.Field, violation.Description)),
        ];
        RetryAfter = details?.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan();
        RequestId = details?.GetDetail<RequestInfo>()?.RequestId;
    }

    /// <summary>How the call ended.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>The fields that were refused; empty unless the status is <see cref="StatusCode.InvalidArgument"/>.</summary>
    public IReadOnlyList<FieldViolation> Violations { get; }

    /// <summary>When the server may take the call; null where it did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Names the call in the server's logs; null where no server answered.</summary>
    public string? RequestId { get; }

    // gRPC's own words for a connection that was refused, or a name that is none, are "Error connecting to subchannel."
    private static string CauseOf(Grpc.Core.Status status) => status.DebugException?.GetBaseException().Message ?? status.Detail;

    private static string Describe(Grpc.Core.Status status, Google.Rpc.Status? details) => status.StatusCode switch
    {
        StatusCode.InvalidArgument => $"The request is invalid: {status.Detail}",
        StatusCode.DeadlineExceeded => "The call's deadline passed before the server had finished.",
        StatusCode.Unavailable when details is null => $"The server cannot be reached: {CauseOf(status)}",
        _ when status.Detail.Length > 0 => status.Detail,
        _ => $"The call ended with the status {status.StatusCode}.",
    };
}
