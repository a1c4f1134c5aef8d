namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>The back-ends of this process, by name.</summary>
internal sealed class BackendCatalog(IEnumerable<IBackendFactory> factories)
{
    private readonly Dictionary<string, IBackendFactory> _factories = factories.ToDictionary(factory => factory.Name);

    /// <summary>The factory of a back-end; start-up has checked that there is one.</summary>
    public IBackendFactory Get(string name) => _factories[name];
}
