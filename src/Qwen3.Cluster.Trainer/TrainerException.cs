namespace Qwen3.Cluster.Trainer;

/// <summary>Something that was asked for cannot be done; the message is one sentence with the cause, the place and the way out.</summary>
internal sealed class TrainerException(string message) : Exception(message);
