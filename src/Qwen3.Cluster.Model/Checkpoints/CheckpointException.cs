namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// A checkpoint is refused. The message is one sentence for whoever has the files: which file, which tensor or field,
/// what was expected and what to do about it.
/// </summary>
public sealed class CheckpointException : Exception
{
    public CheckpointException(string message) : base(message) { }

    public CheckpointException(string message, Exception innerException) : base(message, innerException) { }
}
