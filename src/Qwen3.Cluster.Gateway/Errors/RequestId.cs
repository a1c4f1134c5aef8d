using Grpc.Core;

namespace Qwen3.Cluster.Gateway.Errors;

/// <summary>The name of one call: the key of its gateway grain, and what a client and the logs call it.</summary>
internal static class RequestId
{
    private static readonly object Key = new();

    /// <summary>The call's id, the same for the whole of the call. Ids of later calls sort behind those of earlier ones.</summary>
    public static string Of(ServerCallContext context)
    {
        if (!context.UserState.TryGetValue(Key, out object? id))
        {
            id = Guid.CreateVersion7().ToString("N");
            context.UserState.Add(Key, id);
        }

        return (string)id;
    }
}
