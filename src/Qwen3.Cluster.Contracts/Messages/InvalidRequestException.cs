namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>One or more fields of a request cannot be served.</summary>
[GenerateSerializer, Alias("qwen3.InvalidRequestException")]
public sealed class InvalidRequestException : Exception
{
    /// <summary>A request with several bad fields; at least one.</summary>
    public InvalidRequestException(IReadOnlyList<FieldViolation> violations)
        : base(string.Join("; ", violations.Select(violation => $"{violation.Field}: {violation.Description}")))
    {
        Violations = violations;
    }

    /// <summary>A request with one bad field.</summary>
    /// <param name="field">As the proto names it: <c>sampling.top_p</c>.</param>
    /// <param name="description">What the field must hold, and what it holds.</param>
    public InvalidRequestException(string field, string description)
        : this([new FieldViolation { Field = field, Description = description }])
    {
    }

    /// <summary>The bad fields, in the order of the request; at least one.</summary>
    [Id(0)]
    public IReadOnlyList<FieldViolation> Violations { get; }
}
