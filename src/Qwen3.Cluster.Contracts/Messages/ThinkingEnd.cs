namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What ended the thinking of a reply.</summary>
[GenerateSerializer, Alias("qwen3.ThinkingEnd")]
public enum ThinkingEnd
{
    /// <summary>There was none, or the reply ended inside it.</summary>
    None,

    /// <summary>The model closed it.</summary>
    Model,

    /// <summary>The limit on steps.</summary>
    Steps,

    /// <summary>The limit on tokens.</summary>
    Tokens,

    /// <summary>The response time.</summary>
    Time,
}
