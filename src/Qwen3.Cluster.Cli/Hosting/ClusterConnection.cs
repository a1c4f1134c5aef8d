using Qwen3.Cluster.Client;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>A client of a cluster, and the cluster where it is in this process; both end with it.</summary>
/// <param name="cluster">The cluster in this process; null: a server elsewhere.</param>
/// <param name="client">Of either.</param>
/// <param name="model">The model that is asked; empty: the server's first.</param>
/// <param name="directory">Where its checkpoint is; null: the server knows.</param>
public sealed class ClusterConnection(OwnCluster? cluster, Qwen3Client client, string model, string? directory) : IAsyncDisposable
{
    /// <summary>Asks the cluster.</summary>
    public Qwen3Client Client => client;

    /// <summary>The model that is asked, as requests name it; empty: the server's first.</summary>
    public string Model => model;

    /// <summary>Where the model's checkpoint is; null: the server knows.</summary>
    public string? Directory => directory;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
    }
}
