namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>The settings of a silo; section <c>Qwen3</c> of the configuration.</summary>
public sealed class Qwen3Options
{
    /// <summary>The section's name.</summary>
    public const string Section = "Qwen3";

    /// <summary>The models, the default one first; at least one.</summary>
    public List<ModelOptions> Models { get; set; } = [];

    /// <summary>Whether the models are loaded before the host counts as started; else at the first request.</summary>
    public bool Preload { get; set; } = true;

    /// <summary>What this node says of itself.</summary>
    public NodeOptions Node { get; set; } = new();

    /// <summary>How long a router waits for a shard's answer before the step fails; above zero.</summary>
    public TimeSpan ShardTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often it is looked whether nodes came or went; above zero.</summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long the count of a choice of an expert weighs half; above zero.</summary>
    public TimeSpan LoadHalfLife { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the load of the shards is evened out without being asked; zero: only when asked (<c>qwen3 rebalance</c>).</summary>
    public TimeSpan RebalanceEvery { get; set; }

    /// <summary>How long a model that could not be loaded is left alone before it is tried again; above zero.</summary>
    public TimeSpan RetryLoadAfter { get; set; } = TimeSpan.FromSeconds(30);
}
