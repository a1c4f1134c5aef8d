using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>
/// Tells models apart that must not work together: other tensors, other weights, or settings that change the last bits. Two nodes whose files
/// have the same name and another content would give wrong answers, not errors.
/// </summary>
internal static class ModelFingerprint
{
    /// <summary>The fingerprint of a model: names, types and shapes of all tensors, the values of the last norm, how experts are cut and rounded, and how the cache is.</summary>
    public static ulong Of(Checkpoint checkpoint, ModelOptions options)
    {
        var hash = new XxHash3();
        foreach (TensorInfo tensor in checkpoint.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.Append(Encoding.UTF8.GetBytes($"{tensor.Name} {tensor.Type} {tensor.ShapeText}\n"));
        }

        // Every training changes it, and reading it is cheap.
        float[] norm = new float[checkpoint.Config.HiddenSize];
        checkpoint.Get(TensorCatalog.FinalNorm).CopyTo(norm);
        hash.Append(MemoryMarshal.AsBytes(norm.AsSpan()));
        hash.Append(Encoding.UTF8.GetBytes($"{options.ExpertShards} {options.DenseSlices} {options.Precision} {options.Cache}"));
        return hash.GetCurrentHashAsUInt64();
    }
}
