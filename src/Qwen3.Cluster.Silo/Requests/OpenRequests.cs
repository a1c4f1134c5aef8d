using Qwen3.Cluster.Contracts.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>The requests that gateway grains of this node look after.</summary>
internal sealed class OpenRequests() : OpenWork("requests");
