using System.Globalization;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints.Packed;

/// <summary>
/// The weights of a checkpoint in <see cref="PackedLayout"/>, in a file that processes map and share: beside the checkpoint, or in the user's cache.
/// A file that is none, of another source, or not whole is rebuilt; it appears under its name only when it is complete.
/// </summary>
internal static class PackedFile
{
    // XxHash128 of each tensor, and of these: what happens to a disk is no attack.
    private const int SumBytes = 16;

    /// <summary>Where a packed file lies beside its checkpoint, which is a directory or a file.</summary>
    public static string Beside(string checkpoint, TensorType type) => Directory.Exists(checkpoint)
        ? Path.Combine(checkpoint, $"model.{Extension(type)}")
        : $"{checkpoint}.{Extension(type)}";

    /// <summary>Where one lies in the cache.</summary>
    public static string InCache(PackedPlan plan) =>
        Path.Combine(UserCache.Directory("weights"), $"{Convert.ToHexStringLower(plan.Key.AsSpan(0, 12))}.{Extension(plan.Type)}");

    /// <summary>What is wrong with a file, as the end of a sentence; null when it holds what the plan says.</summary>
    public static string? Problem(string path, PackedPlan plan)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            Span<byte> header = stackalloc byte[PackedPlan.HeaderBytes];
            if (RandomAccess.Read(file, header, 0) < header.Length || !header.StartsWith(PackedPlan.Magic))
            {
                return "is no packed file";
            }

            if (!header.Slice(PackedPlan.Magic.Length, plan.Key.Length).SequenceEqual(plan.Key))
            {
                return "was made from another checkpoint, or before it was changed";
            }

            long length = RandomAccess.GetLength(file);
            return length == plan.Length ? null : string.Create(CultureInfo.InvariantCulture, $"has {length} bytes instead of {plan.Length}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read ({e.Message.TrimEnd('.')})";
        }
    }

    /// <summary>Reads the whole of a file that has no <see cref="Problem"/>: whether its bytes are those that were written.</summary>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public static bool IsIntact(string path, PackedPlan plan)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            byte[] sums = new byte[plan.Tensors.Count * SumBytes], written = new byte[SumBytes];
            Parallel.For(0, plan.Tensors.Count, i =>
            {
                (TensorInfo Source, TensorType Type, long Offset) tensor = plan.Tensors[i];
                byte[] bytes = new byte[PackedLayout.ByteCount(tensor.Type, tensor.Source.Shape[0], tensor.Source.Shape[1])];
                RandomAccess.Read(file, bytes, tensor.Offset);
                XxHash128.Hash(bytes, sums.AsSpan(i * SumBytes));
            });
            RandomAccess.Read(file, written, PackedPlan.HeaderBytes - SumBytes);
            return XxHash128.Hash(sums).AsSpan().SequenceEqual(written);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AggregateException { InnerException: IOException })
        {
            throw new CheckpointException($"{path} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Packs a checkpoint's weights into a file, with all cores; what was there is replaced when the new one is complete.</summary>
    /// <exception cref="CheckpointException">A weight cannot be packed, or the file not be written.</exception>
    public static void Write(string path, PackedPlan plan, Func<string, TensorView> view)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, plan.Length))
            {
                byte[] sums = new byte[plan.Tensors.Count * SumBytes];
                Parallel.For(0, plan.Tensors.Count, i =>
                {
                    (TensorInfo Source, TensorType Type, long Offset) tensor = plan.Tensors[i];
                    byte[] bytes = new byte[PackedLayout.ByteCount(tensor.Type, tensor.Source.Shape[0], tensor.Source.Shape[1])];
                    TensorPacker.Pack(view(tensor.Source.Name), tensor.Type, bytes);
                    XxHash128.Hash(bytes, sums.AsSpan(i * SumBytes));
                    RandomAccess.Write(file, bytes, tensor.Offset);
                });
                byte[] header = [.. PackedPlan.Magic, .. plan.Key, .. XxHash128.Hash(sums)];
                RandomAccess.Write(file, header, 0);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (AggregateException e) when (e.InnerExceptions.FirstOrDefault(inner => inner is CheckpointException or IOException) is { } inner)
        {
            throw inner as CheckpointException ?? NotWritten(path, inner);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(path, e);
        }
        finally
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }

    private static CheckpointException NotWritten(string path, Exception e) => new(
        $"{path} cannot be written: {e.Message.TrimEnd('.')}; free the disk, or set XDG_CACHE_HOME to another directory.", e);

    private static string Extension(TensorType type) => type == TensorType.Q8 ? "q8.packed" : "q4.packed";
}
