namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>
/// A router cannot go on with a request: it has left its node, or the shards that it needs do not answer. Another replica, or the same one where
/// it is placed next, goes on with the same tokens.
/// </summary>
[GenerateSerializer, Alias("qwen3.RouterLostException")]
public sealed class RouterLostException(string message) : Exception(message);
