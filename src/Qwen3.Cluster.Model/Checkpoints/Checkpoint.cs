using Qwen3.Cluster.Model.Checkpoints.Packed;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// A model as it is downloaded: config.json, generation_config.json and one model.safetensors, or an index with shards; or GGUF, in one file or split.
/// Opening reads the JSON and the headers and checks every tensor that the config calls for. Weights are memory-mapped when they are asked for,
/// file by file, and read from disk page by page as they are touched: who asks for some experts reads those alone. Safe for concurrent use.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly CheckpointContents _contents;
    private readonly Dictionary<string, MappedFile> _mapped = new(StringComparer.Ordinal);
    private bool _disposed;

    private Checkpoint(CheckpointContents contents, ModelConfig config)
    {
        _contents = contents;
        Config = config;
        Tensors = contents.Tensors;
    }

    /// <summary>As it was given to <see cref="Open"/>.</summary>
    public string Directory => _contents.Directory;

    public ModelConfig Config { get; }

    public GenerationConfig Generation => _contents.Generation;

    /// <summary>Ids that end a reply: generation_config.json's, else config.json's; may be empty.</summary>
    public IReadOnlyList<int> EosTokenIds => Generation.EosTokenIds.Count > 0 ? Generation.EosTokenIds : Config.EosTokenIds;

    /// <summary>Every stored tensor by name, those that the model does not use and FP8 scales included.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; private set; }

    /// <summary>Paths of the weight files that have been mapped so far.</summary>
    public IReadOnlyCollection<string> MappedFiles
    {
        get
        {
            lock (_mapped)
            {
                return [.. _mapped.Keys];
            }
        }
    }

    /// <summary>Opens a directory, or a GGUF file. Throws <see cref="CheckpointException"/> with the first thing that is wrong with it.</summary>
    public static Checkpoint Open(string path)
    {
        CheckpointContents contents = CheckpointContents.Read(path);
        return contents.Problems.Count == 0 ? new Checkpoint(contents, contents.Config!) : throw new CheckpointException(contents.Problems[0]);
    }

    /// <summary>
    /// Opens a checkpoint with its projections in a format. In <see cref="PackedLayout"/> they are those of a packed file beside it, else of one in the
    /// user's cache, which is made where there is none that fits, and that takes a while.
    /// </summary>
    /// <param name="path">A directory, or a GGUF file.</param>
    /// <param name="format">Which.</param>
    /// <param name="tell">Is told, in sentences, of files that are not used and of one that is made.</param>
    public static Checkpoint Open(string path, WeightFormat format, Action<string>? tell = null)
    {
        Checkpoint checkpoint = Open(path);
        try
        {
            if (format != WeightFormat.Stored)
            {
                checkpoint.UsePacked(path, TypeOf(format), tell);
            }

            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Packs the weights into a file beside the checkpoint, where <see cref="Open(string, WeightFormat, Action{string})"/> finds it.</summary>
    /// <returns>The file's path.</returns>
    public string Pack(WeightFormat format)
    {
        TensorType type = TypeOf(format);
        string beside = PackedFile.Beside(Directory, type);
        PackedFile.Write(beside, Plan(type), name => Get(name));
        return beside;
    }

    /// <summary>
    /// Reads the packed files of the checkpoint, beside it and in the cache, and compares them with their checksums; one that is damaged, or of another
    /// source, is made again, and one is made beside the checkpoint where there is none.
    /// </summary>
    /// <param name="format">Which.</param>
    /// <param name="tell">Is told, in sentences, what each is.</param>
    public void VerifyPacked(WeightFormat format, Action<string> tell)
    {
        TensorType type = TypeOf(format);
        PackedPlan plan = Plan(type);
        string beside = PackedFile.Beside(Directory, type), cached = PackedFile.InCache(plan);
        string[] files = [.. ((string[])[beside, cached]).Where(File.Exists)];
        foreach (string file in files.Length > 0 ? files : [beside])
        {
            string? problem = !File.Exists(file) ? "is not there" : PackedFile.Problem(file, plan)
                ?? (PackedFile.IsIntact(file, plan) ? null : "is damaged: its bytes are not those that were written");
            if (problem is null)
            {
                tell($"{file} is whole.");
            }
            else
            {
                PackedFile.Write(file, plan, name => Get(name));
                tell($"{file} {problem}; it has been made again.");
            }
        }
    }

    /// <summary>Whether a tensor of this name is stored.</summary>
    public bool Contains(string name) => Tensors.ContainsKey(name);

    /// <summary>
    /// A weight, not copied: a vector or a matrix in F32, F16, BF16, in blocks or, with its block scales, F8_E4M3.
    /// Throws <see cref="CheckpointException"/> when there is none of this name or it has another shape.
    /// </summary>
    /// <param name="name">The tensor's name in the files.</param>
    /// <param name="expectedShape">[rows, columns] or [elements]; empty where opening has checked it, as it has all of <see cref="TensorCatalog.Expected"/>.</param>
    public TensorView Get(string name, params int[] expectedShape)
    {
        if (!Tensors.TryGetValue(name, out TensorInfo? tensor))
        {
            throw new CheckpointException($"{Directory}: tensor \"{name}\" is in none of the model's files: the download is incomplete, or it is another model.");
        }

        if (expectedShape.Length > 0 && !tensor.Shape.SequenceEqual(expectedShape))
        {
            throw new CheckpointException(
                $"{tensor.File}: tensor \"{name}\" has the shape {tensor.ShapeText}, but {TensorInfo.FormatShape(expectedShape)} was expected.");
        }

        if (!tensor.Type.IsWeight() || tensor.Shape.Count > 2)
        {
            throw new CheckpointException(
                $"{tensor.File}: tensor \"{name}\" is {tensor.Type.FormatName()} {tensor.ShapeText}, but a vector or matrix in F32, F16, BF16, F8_E4M3 or blocks was expected.");
        }

        return View(tensor, tensor.Type == TensorType.F8E4M3 ? Scales(tensor) : null);
    }

    /// <summary>
    /// Forgets the mapped files; <see cref="Get"/> throws from now on. Views that were handed out stay good: a file is unmapped when no view of it is left.
    /// </summary>
    public void Dispose()
    {
        lock (_mapped)
        {
            _mapped.Clear();
            _disposed = true;
        }
    }

    private static TensorType TypeOf(WeightFormat format) => format switch
    {
        WeightFormat.Q8 => TensorType.Q8,
        WeightFormat.Q4 => TensorType.Q4,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Weights are packed as Q8 or Q4."),
    };

    private PackedPlan Plan(TensorType type) => PackedPlan.Of(Config, _contents.Tensors, _contents.Files.Keys, type);

    private void UsePacked(string path, TensorType type, Action<string>? tell)
    {
        PackedPlan plan = Plan(type);
        if (plan.Tensors.All(tensor => tensor.Source.Type == tensor.Type))
        {
            return;
        }

        string cached = PackedFile.InCache(plan);
        string? file = ((string[])[PackedFile.Beside(path, type), cached]).FirstOrDefault(Fits);
        if (file is null)
        {
            tell?.Invoke($"Packing the weights of {path} as {type.FormatName()} into {cached}, {plan.Length} bytes; this happens once.");
            PackedFile.Write(cached, plan, name => Get(name));
        }

        Use(file ?? cached, plan);

        bool Fits(string candidate)
        {
            string? problem = File.Exists(candidate) ? PackedFile.Problem(candidate, plan) : "";
            if (problem?.Length > 0)
            {
                tell?.Invoke($"{candidate} {problem}: it is not used.");
            }

            return problem is null;
        }
    }

    private void Use(string file, PackedPlan plan)
    {
        Dictionary<string, TensorInfo> tensors = new(Tensors, StringComparer.Ordinal);
        foreach ((TensorInfo source, TensorType type, long offset) in plan.Tensors)
        {
            long bytes = PackedLayout.ByteCount(type, source.Shape[0], source.Shape[1]);
            tensors[source.Name] = new TensorInfo(source.Name, type, source.Shape, file, offset, bytes);
        }

        Tensors = tensors;
        _contents.Lengths[file] = plan.Length;
    }

    private BlockScales Scales(TensorInfo tensor)
    {
        if (Config.Fp8BlockSize is not BlockSize size || !Tensors.TryGetValue(tensor.Name + TensorCatalog.ScaleSuffix, out TensorInfo? scales))
        {
            throw new CheckpointException($"{tensor.File}: tensor \"{tensor.Name}\" is F8_E4M3, but it has no block scales, so its values are unknown.");
        }

        // Opening has checked those of the model; a tensor that the model does not use comes here unchecked.
        if (!size.Fits(tensor.Shape, scales))
        {
            throw new CheckpointException($"{scales.File}: tensor \"{scales.Name}\" is {scales.Type.FormatName()} {scales.ShapeText}, which are no block scales for {tensor.ShapeText}.");
        }

        return new BlockScales(View(scales, null), size);
    }

    private unsafe TensorView View(TensorInfo tensor, BlockScales? scales)
    {
        MappedFile file = Map(tensor.File);
        if (tensor.Offset < 0 || tensor.ByteCount > file.Length - tensor.Offset)
        {
            throw new CheckpointException($"{tensor.File}: tensor \"{tensor.Name}\" does not lie within the file's {file.Length} bytes.");
        }

        int[] shape = [.. tensor.Shape];
        return new TensorView(tensor.Name, file.Data + tensor.Offset, tensor.Type, shape, shape.Length == 0 ? 1 : shape[^1], file, scales);
    }

    private MappedFile Map(string path)
    {
        lock (_mapped)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_mapped.TryGetValue(path, out MappedFile? file))
            {
                file = MappedFile.Open(path, _contents.Lengths[path]);
                _mapped.Add(path, file);
            }

            return file;
        }
    }
}
