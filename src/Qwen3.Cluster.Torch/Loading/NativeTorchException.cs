namespace Qwen3.Cluster.Torch.Loading;

/// <summary>The native libraries of TorchSharp cannot be used; the message is one sentence with the file, the cause and the way out.</summary>
public sealed class NativeTorchException(string message, Exception? inner = null) : Exception(message, inner);
