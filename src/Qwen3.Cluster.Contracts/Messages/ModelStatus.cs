namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a topology shows of a model.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ModelStatus")]
public sealed record ModelStatus
{
    /// <summary>As requests name it.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Where its experts are and how busy; null: nobody has asked for the model yet, or its map does not answer.</summary>
    [Id(1)]
    public ExpertMapStatus? Experts { get; init; }

    /// <summary>Why a part of the model has no place, or why its map does not answer; empty: nothing is known to be wrong.</summary>
    [Id(2)]
    public string Problem { get; init; } = "";
}
