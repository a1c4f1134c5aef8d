using System.Diagnostics.CodeAnalysis;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Where a replica of a router goes; or why it cannot.</summary>
internal sealed record RouterPlan
{
    /// <summary>Its place; null: there is none.</summary>
    public DevicePlace? Place { get; init; }

    /// <summary>A sentence with numbers that says why it fits nowhere, and the way out; null: it has a place.</summary>
    public string? Refusal { get; init; }

    /// <summary>Whether it has a place.</summary>
    [MemberNotNullWhen(true, nameof(Place)), MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsPossible => Place is not null;
}
