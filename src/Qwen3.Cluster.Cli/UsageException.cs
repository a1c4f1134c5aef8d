namespace Qwen3.Cluster.Cli;

/// <summary>The command line asks for something that cannot be; the message is one sentence for the user.</summary>
public sealed class UsageException(string message) : Exception(message);
