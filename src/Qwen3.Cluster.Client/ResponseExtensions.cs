using Grpc.Core;

namespace Qwen3.Cluster.Client;

/// <summary>What the clients have in common.</summary>
internal static class ResponseExtensions
{
    /// <summary>Waits for a response and turns a failed call into what the clients throw.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public static async Task<T> Translate<T>(this Task<T> response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.ConfigureAwait(false);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The call was cancelled.", exception, cancellationToken);
        }
        catch (RpcException exception)
        {
            throw new Qwen3ClientException(exception);
        }
    }
}
