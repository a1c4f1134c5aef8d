namespace Qwen3.Cluster.Model.Layers;

/// <summary>For which rows of a slice the logits are computed.</summary>
public enum LogitRows
{
    /// <summary>None: a chunk of a prompt that goes on.</summary>
    None,

    /// <summary>The last row: the next token is sampled from it.</summary>
    Last,

    /// <summary>All rows: for whoever compares engines.</summary>
    All,
}
