namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A model of the cluster.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ModelDescription")]
public sealed record ModelDescription
{
    /// <summary>As requests name it.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>As in config.json.</summary>
    [Id(1)]
    public required string Architecture { get; init; }

    /// <summary>Parameters in all.</summary>
    [Id(2)]
    public long Parameters { get; init; }

    /// <summary>Parameters that one token uses.</summary>
    [Id(3)]
    public long ActiveParameters { get; init; }

    /// <summary>Experts of a layer; 0 for a dense model.</summary>
    [Id(4)]
    public int ExpertCount { get; init; }

    /// <summary>Experts that one token uses; 0 for a dense model.</summary>
    [Id(5)]
    public int ExpertsPerToken { get; init; }

    /// <summary>Positions of a sequence.</summary>
    [Id(6)]
    public int MaxPositions { get; init; }

    /// <summary>Token ids.</summary>
    [Id(7)]
    public int VocabularySize { get; init; }

    /// <summary>What a limit on activated parameters can choose from, least first; one for a dense model.</summary>
    [Id(8)]
    public IReadOnlyList<Activation> Activations { get; init; } = [];
}
