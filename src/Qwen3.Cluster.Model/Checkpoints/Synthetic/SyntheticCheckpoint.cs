using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Qwen3.Cluster.Model.Checkpoints.Packed;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Quantization;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Checkpoints.Synthetic;

/// <summary>
/// A checkpoint of random weights in any geometry, for measurements: as large as a published model, made in the time that the disk takes to write it.
/// Packed weights are stored as such; there is no other source of them. Its texts mean nothing.
/// </summary>
public sealed class SyntheticCheckpoint
{
    private const string WeightsFile = "model.safetensors";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly JsonObject _config;
    private readonly ModelConfig _geometry;
    private readonly SyntheticTensor[] _tensors;
    private readonly byte[] _header;

    /// <summary>Plans one.</summary>
    /// <param name="config">A config.json, see <see cref="SyntheticGeometry"/>.</param>
    /// <param name="format">Of the projections: bfloat16, which is what <see cref="WeightFormat.Stored"/> means here, or packed.</param>
    public SyntheticCheckpoint(JsonObject config, WeightFormat format)
    {
        _config = config;
        _geometry = ModelConfig.Parse(config.ToJsonString());

        // Packed ones first: they take whole cache lines, so that each begins where one begins.
        _tensors = [.. TensorCatalog.Expected(_geometry).Select(tensor => Plan(tensor, format)).OrderBy(tensor => !tensor.Type.IsPacked())];
        _header = SafetensorsWriter.MakeHeader(
            _tensors.Select(tensor => (tensor.Name, tensor.Type, (IReadOnlyList<int>)tensor.Shape, tensor.ByteCount)), alignment: PackedLayout.ScaleBytes);
        ByteCount = SafetensorsHeader.LengthBytes + _header.Length + _tensors.Sum(tensor => tensor.ByteCount);
    }

    /// <summary>Bytes of its weights' file.</summary>
    public long ByteCount { get; }

    /// <summary>Writes it, with all cores and a few megabytes of memory for each. The directory appears when it is whole.</summary>
    /// <param name="directory">Where; must not exist.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <param name="wrote">Is told of the bytes written, piece by piece, from any thread.</param>
    /// <param name="cancel">Gives up, and leaves nothing behind.</param>
    /// <exception cref="CheckpointException">The directory exists, or the disk has no room, or cannot be written.</exception>
    public void Write(string directory, int seed, Action<long> wrote, CancellationToken cancel)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (Path.Exists(target))
        {
            throw new CheckpointException($"{target} exists already: remove it, or name another directory.");
        }

        string temporary = $"{target}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(temporary);
            CheckRoom(target, new DriveInfo(temporary).AvailableFreeSpace);
            WriteWeights(Path.Combine(temporary, WeightsFile), seed, wrote, cancel);
            WriteTokenizer(temporary);
            File.WriteAllText(Path.Combine(temporary, "config.json"), _config.ToJsonString(Indented));
            Directory.Move(temporary, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{target} cannot be written: {e.Message.TrimEnd('.')}.", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static SyntheticTensor Plan(ExpectedTensor tensor, WeightFormat format)
    {
        TensorType type = format == WeightFormat.Stored || !PackedPlan.IsPacked(tensor) ? TensorType.BF16
            : format == WeightFormat.Q8 || tensor.Name == TensorCatalog.Head ? TensorType.Q8
            : TensorType.Q4;
        long bytes = type == TensorType.BF16
            ? tensor.Shape.Aggregate(2L, (product, dimension) => product * dimension)
            : PackedLayout.ByteCount(type, tensor.Shape[0], tensor.Shape[1]);
        return new SyntheticTensor(tensor.Name, type, tensor.Shape, bytes);
    }

    private void CheckRoom(string directory, long free)
    {
        if (free < ByteCount)
        {
            throw new CheckpointException(
                $"{directory} is on a disk with {free} free bytes, but the checkpoint takes {ByteCount}: free some, or ask for fewer --layers, a smaller --vocab or --format q4.");
        }
    }

    private void WriteWeights(string path, int seed, Action<long> wrote, CancellationToken cancel)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, ByteCount);
        byte[] length = new byte[SafetensorsHeader.LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(length, _header.Length);
        RandomAccess.Write(file, length, 0);
        RandomAccess.Write(file, _header, length.Length);
        try
        {
            Parallel.ForEach(
                Pieces(length.Length + _header.Length),
                new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount },
                () => new byte[SyntheticPiece.LargestBytes],
                (piece, _, buffer) =>
                {
                    Span<byte> bytes = piece.IsWhole ? piece.MakeWhole(seed) : piece.Make(seed, buffer);
                    RandomAccess.Write(file, bytes, piece.Offset);
                    wrote(bytes.Length);
                    return buffer;
                },
                _ => { });
        }
        catch (AggregateException e) when (e.InnerExceptions.FirstOrDefault(inner => inner is IOException) is IOException inner)
        {
            throw inner;
        }

        RandomAccess.FlushToDisk(file);
    }

    private IEnumerable<SyntheticPiece> Pieces(long offset)
    {
        for (int i = 0; i < _tensors.Length; i++)
        {
            foreach (SyntheticPiece piece in SyntheticPiece.Of(_tensors[i], i, offset))
            {
                yield return piece;
            }

            offset += _tensors[i].ByteCount;
        }
    }

    // The embedded model's, where the vocabulary has room for its ids: conversations are then possible, though senseless.
    private void WriteTokenizer(string directory)
    {
        if (Qwen3Tokenizer.Load(EmbeddedModel.Directory).VocabularySize <= _geometry.VocabularySize)
        {
            foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", "generation_config.json"])
            {
                File.Copy(Path.Combine(EmbeddedModel.Directory, file), Path.Combine(directory, file));
            }
        }
    }
}
