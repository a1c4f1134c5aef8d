namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>How long a call may take that loads a model: reading hundreds of gigabytes from a disk is slow.</summary>
internal static class LoadTimeLimit
{
    public const string Text = "01:00:00";
}
