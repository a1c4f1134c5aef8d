namespace Qwen3.Cluster.Model.Generation;

/// <summary>What ended the thinking of a reply.</summary>
public enum ThinkingEnd
{
    /// <summary>There was none, or it had not ended when the reply did.</summary>
    None,

    /// <summary>The model closed it.</summary>
    Model,

    /// <summary>The limit on steps.</summary>
    Steps,

    /// <summary>The limit on tokens.</summary>
    Tokens,

    /// <summary>The deadline, with just time left for the answer.</summary>
    Time,
}
