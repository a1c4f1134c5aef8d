namespace Qwen3.Cluster.Client;

/// <summary>A field that the server refused.</summary>
/// <param name="Field">As the proto names it: <c>sampling.top_p</c>, <c>messages[2].role</c>.</param>
/// <param name="Description">What the field must hold, and what it held.</param>
public sealed record FieldViolation(string Field, string Description);
