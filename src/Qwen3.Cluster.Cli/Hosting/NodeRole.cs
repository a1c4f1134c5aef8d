namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>What a process is to its cluster.</summary>
public enum NodeRole
{
    /// <summary>A silo with the gRPC server.</summary>
    All,

    /// <summary>A silo: grains, models, arithmetic.</summary>
    Silo,

    /// <summary>The gRPC server, as a client of the cluster's silos; it has no models of its own.</summary>
    Gateway,
}
