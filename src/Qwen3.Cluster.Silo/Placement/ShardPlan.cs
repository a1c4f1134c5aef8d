using System.Diagnostics.CodeAnalysis;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Where the shards of a model go; or why they cannot.</summary>
internal sealed record ShardPlan
{
    /// <summary>The place of every shard; null: there is none for all of them.</summary>
    public IReadOnlyDictionary<int, DevicePlace>? Places { get; init; }

    /// <summary>A sentence with numbers that says what fits nowhere, and the way out; null: everything has a place.</summary>
    public string? Refusal { get; init; }

    /// <summary>Whether every shard has a place.</summary>
    [MemberNotNullWhen(true, nameof(Places)), MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsPossible => Places is not null;
}
