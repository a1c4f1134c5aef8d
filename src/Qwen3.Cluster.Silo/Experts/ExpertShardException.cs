namespace Qwen3.Cluster.Silo.Experts;

/// <summary>A shard of experts failed or took too long; the message says which, in which layer, and why.</summary>
internal sealed class ExpertShardException(string message, Exception? innerException = null) : Exception(message, innerException);
