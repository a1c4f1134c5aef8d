namespace Qwen3.Cluster.Model.Generation;

/// <summary>A request that the engine cannot serve whatever its load is; the message is one sentence that says why and what would do.</summary>
public sealed class RequestRefusedException(string field, string message) : Exception(message)
{
    /// <summary>The property of <see cref="GenerationRequest"/> at fault, as a path: <c>Prompt</c>, <c>Sampling.TopP</c>.</summary>
    public string Field { get; } = field;
}
