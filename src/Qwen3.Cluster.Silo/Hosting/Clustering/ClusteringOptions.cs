namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>
/// How the processes of a cluster find each other, as far as Orleans' own section <c>Orleans</c> does not say it; section
/// <c>Qwen3:Cluster</c> of the configuration.
/// </summary>
public sealed class ClusteringOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Qwen3:Cluster";

    /// <summary>The port that silos talk over; 0: a free one. Without it <c>Orleans:Endpoints:SiloPort</c> holds.</summary>
    public int SiloPort { get; set; }

    /// <summary>The port that gateway processes reach a silo over; 0: a free one. Without it <c>Orleans:Endpoints:GatewayPort</c> holds.</summary>
    public int GatewayPort { get; set; }

    /// <summary>
    /// The IP address that others reach this silo at. Without it: the loopback while there is no store, else the machine's first
    /// address that is not the loopback.
    /// </summary>
    public string? AdvertisedAddress { get; set; }

    /// <summary>
    /// Silos that there must be before models are loaded, so that none is loaded onto the first and then moved; 1 or more. Waits for as long as it takes.
    /// </summary>
    public int ExpectedSilos { get; set; } = 1;

    /// <summary>Without a store: the silo that keeps the list of all, <c>127.0.0.1:11111</c>; null: this one does.</summary>
    public string? PrimarySilo { get; set; }

    /// <summary>Without a store: the silos that a gateway process talks to, each as <c>127.0.0.1:30000</c>, by their <see cref="GatewayPort"/>.</summary>
    public List<string> Gateways { get; set; } = [];

    /// <summary>Whether tables that PostgreSQL lacks are made at start.</summary>
    public bool CreateTables { get; set; } = true;

    /// <summary>Whether this is a pod; null: as the environment says, which has KUBERNETES_SERVICE_HOST and POD_NAME then.</summary>
    public bool? Kubernetes { get; set; }

    /// <summary>How long a gateway process waits at its start for a silo that answers; above zero.</summary>
    public TimeSpan ConnectTimeLimit { get; set; } = TimeSpan.FromMinutes(2);
}
