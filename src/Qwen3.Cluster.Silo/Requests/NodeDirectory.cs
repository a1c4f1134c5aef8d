using System.Collections.Concurrent;
using Orleans.GrainDirectory;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// Where grains are that only their own node is asked for: a gateway grain lives on the silo that its request came to. The cluster's directory is spread
/// over all nodes, and one that stands still, which takes a while to be noticed, keeps whoever asks its part waiting: a request that had to be
/// entered there would be late before its time is looked after.
/// </summary>
internal sealed class NodeDirectory : IGrainDirectory
{
    /// <summary>Its name, for <see cref="GrainDirectoryAttribute"/>.</summary>
    public const string Name = "node";

    private readonly ConcurrentDictionary<GrainId, GrainAddress> _grains = new();

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Register(address, previousAddress: null);

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) => Task.FromResult<GrainAddress?>(
        _grains.AddOrUpdate(address.GrainId, address, (_, known) => previousAddress is not null && known.Matches(previousAddress) ? address : known));

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address)
    {
        if (_grains.TryGetValue(address.GrainId, out GrainAddress? known) && known.Matches(address))
        {
            _grains.TryRemove(KeyValuePair.Create(address.GrainId, known));
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult(_grains.GetValueOrDefault(grainId));

    /// <summary>All entries are of this silo, and end with it.</summary>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
