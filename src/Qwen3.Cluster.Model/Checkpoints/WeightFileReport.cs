namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>One safetensors file.</summary>
/// <param name="Name">File name.</param>
/// <param name="Bytes">Its length; null when it is missing.</param>
/// <param name="TensorCount">Tensors in it; null when it is missing or refused.</param>
public sealed record WeightFileReport(string Name, long? Bytes, int? TensorCount)
{
    internal static WeightFileReport Of(string path, List<TensorInfo>? tensors)
    {
        FileInfo file = new(path);
        return new WeightFileReport(file.Name, file.Exists ? file.Length : null, tensors?.Count);
    }
}
