namespace Qwen3.Cluster.Silo.Links;

/// <summary>What a frame is. The numbers are those of the wire.</summary>
internal enum FrameKind : byte
{
    /// <summary>Asks shards of the other side for outputs; goes from the asking node to the answering one.</summary>
    Request = 1,

    /// <summary>The outputs.</summary>
    Reply = 2,

    /// <summary>A shard failed; the content is one sentence of UTF-8.</summary>
    Failure = 3,
}
