namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>What keeps the list of a cluster's silos.</summary>
public enum ClusterStore
{
    /// <summary>The memory of one of them, the primary silo: for one machine.</summary>
    PrimarySilo,

    /// <summary>Redis.</summary>
    Redis,

    /// <summary>PostgreSQL, by ADO.NET.</summary>
    AdoNet,
}
