using Qwen3.Cluster.Contracts.Hosting;

namespace Qwen3.Cluster.Gateway.Draining;

/// <summary>The calls of <see cref="TextGenerationService"/> that are under way.</summary>
internal sealed class OpenCalls() : OpenWork("gRPC calls");
