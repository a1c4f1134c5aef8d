namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A router has left its node in the middle of a request: where it is placed next, or another replica, goes on with the same tokens.</summary>
[GenerateSerializer, Alias("qwen3.RouterLeftException")]
public sealed class RouterLeftException(string message) : Exception(message);
