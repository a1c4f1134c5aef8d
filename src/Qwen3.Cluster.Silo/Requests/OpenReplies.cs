using Qwen3.Cluster.Contracts.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>The replies that routers of this node are writing.</summary>
internal sealed class OpenReplies() : OpenWork("replies of routers");
