namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>How a node goes; part of section <c>Qwen3</c> of the configuration.</summary>
public sealed class DrainOptions
{
    /// <summary>How long a node that is told to stop lets its streams run; zero: not at all.</summary>
    public TimeSpan DrainTimeLimit { get; set; } = TimeSpan.FromSeconds(30);
}
