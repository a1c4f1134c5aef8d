namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>A call of a function, written by the model.</summary>
/// <param name="Name">The function.</param>
/// <param name="ArgumentsJson">Its arguments: a JSON object.</param>
public sealed record ToolCall(string Name, string ArgumentsJson);
