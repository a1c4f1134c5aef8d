namespace Qwen3.Cluster.Silo.Links;

/// <summary>The other side of a link sent what it must not; the message says what, without a full stop. The link is closed.</summary>
internal sealed class LinkProtocolException(string message) : Exception(message);
