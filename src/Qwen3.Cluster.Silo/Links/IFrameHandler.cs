namespace Qwen3.Cluster.Silo.Links;

/// <summary>What a side of a link does with the frames that come.</summary>
internal interface IFrameHandler
{
    /// <summary>Takes a frame, on the reader thread; its content is there until this returns.</summary>
    /// <exception cref="LinkProtocolException">It is not what may come now: the link is to be closed.</exception>
    void Take(in FrameHeader header, FrameReader reader);

    /// <summary>The connection has been closed. Called once, by any thread, before anything that waits for a reply can notice it otherwise.</summary>
    /// <param name="reason">Why, without a full stop.</param>
    void Closed(string reason);
}
