using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>What people call a node.</summary>
public static class NodeLabel
{
    /// <summary>The machine and the port of the silo: short, and one of its kind among nodes that run.</summary>
    public static string Of(Node node)
    {
        // 10.0.0.7:11111@151234567
        string endpoint = node.Name.Split('@')[0];
        int colon = endpoint.LastIndexOf(':');
        return colon < 0 ? node.Name : $"{node.Host}{endpoint[colon..]}";
    }

    /// <summary>For how long it has run: <c>3 h 5 min</c>.</summary>
    /// <param name="node">The node.</param>
    /// <param name="now">The cluster's clock.</param>
    public static string UptimeOf(Node node, DateTimeOffset now) => (now - node.StartedAt.ToDateTimeOffset()) switch
    {
        // Clocks of two machines need not agree.
        { TotalSeconds: < 0 } => "0 s",
        { TotalMinutes: < 1 } time => $"{time.Seconds} s",
        { TotalHours: < 1 } time => $"{time.Minutes} min",
        { TotalDays: < 1 } time => $"{time.Hours} h {time.Minutes} min",
        TimeSpan time => $"{time.Days} d {time.Hours} h",
    };
}
