namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>Which questions a summary is of.</summary>
public enum EvalScope
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>Those of a difficulty, or of a file.</summary>
    Group,

    /// <summary>Those of a kind.</summary>
    Task,
}
