using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Silo.Compute;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// What computes the experts of this node: one thread that takes work, and the back-end that it owns with a team of its own. All shards
/// on a device share it, so that each gets the whole of it when its turn comes, and none waits for a core that another has.
/// </summary>
internal sealed class ExpertDevice : IAsyncDisposable
{
    /// <summary>Starts it.</summary>
    /// <param name="name">The back-end's, as the settings have it.</param>
    /// <param name="backend">Owned by the device from now on.</param>
    public ExpertDevice(string name, IBackend backend)
    {
        Name = name;
        Backend = backend;
        Thread = new ComputeThread($"experts {name}");
    }

    /// <summary>The back-end's name.</summary>
    public string Name { get; }

    /// <summary>Computes; on <see cref="Thread"/> alone.</summary>
    public IBackend Backend { get; }

    /// <summary>Takes the shards' work.</summary>
    public ComputeThread Thread { get; }

    /// <summary>Ends it after the work at hand; its shards are gone before.</summary>
    public async ValueTask DisposeAsync()
    {
        await Thread.DisposeAsync();
        Backend.Dispose();
    }
}
