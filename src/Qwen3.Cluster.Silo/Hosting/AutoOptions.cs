namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>When the mode AUTO keeps a model's direct answer. Null: as the file <c>regulator.json</c> beside the model says, or else the default.</summary>
public sealed class AutoOptions
{
    /// <summary>The confidence from which on the answer is kept: 0 always, above 1 never.</summary>
    public double? Threshold { get; set; }

    /// <summary>How many of its first tokens are looked at; 1 to 1024.</summary>
    public int? ProbeTokens { get; set; }
}
