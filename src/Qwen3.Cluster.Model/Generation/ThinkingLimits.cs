namespace Qwen3.Cluster.Model.Generation;

/// <summary>The limits of one request on the thinking of each of its replies. Null: no limit.</summary>
public sealed record ThinkingLimits
{
    /// <summary>Paragraphs of thinking, closed by a blank line; 1 to 32.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Tokens of thinking, between the tags; 0 or more.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Experts that a token may use, 1 to the model's k.</summary>
    public int? MaxExperts { get; init; }
}
