namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Names with a meaning of their own where a request names a model.</summary>
public static class ModelName
{
    /// <summary>The cluster chooses, by activated parameters and time. No model is called so.</summary>
    public const string Auto = "auto";
}
