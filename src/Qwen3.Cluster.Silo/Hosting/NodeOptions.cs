namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>What a node says of itself to those who place shards and routers; section <c>Qwen3:Node</c> of the configuration.</summary>
public sealed class NodeOptions
{
    /// <summary>Bytes that models may take here; 0: all that this process may use.</summary>
    public long MemoryBytes { get; set; }

    /// <summary>What models may ask for, <c>zone</c> → <c>a</c>.</summary>
    public Dictionary<string, string> Labels { get; set; } = [];
}
