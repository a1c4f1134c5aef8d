using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints.Gguf;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// What a directory holds, with everything that is wrong with it. Reads the JSON and the headers, no weights.
/// <see cref="Checkpoint.Open"/> throws the first problem; a report lists them all.
/// </summary>
internal sealed class CheckpointContents
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    private CheckpointContents(string directory) => Directory = directory;

    public string Directory { get; }

    public List<string> Problems { get; } = [];

    /// <summary>null when it is missing or refused.</summary>
    public ModelConfig? Config { get; private set; }

    public GenerationConfig Generation { get; private set; } = new();

    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The weight files by path, with their tensors; null for one that is missing or refused.</summary>
    public Dictionary<string, List<TensorInfo>?> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What each weight file's header describes, in bytes.</summary>
    public Dictionary<string, long> Lengths { get; } = new(StringComparer.Ordinal);

    public static CheckpointContents Read(string directory)
    {
        CheckpointContents contents = new(directory);
        string? gguf = null;
        contents.Try(() => gguf = GgufSet.Find(directory));
        if (contents.Problems.Count > 0)
        {
            return contents;
        }

        if (gguf is not null)
        {
            contents.Try(() => contents.ReadGguf(gguf));
            contents.Check("its metadata calls");
            return contents;
        }

        if (!System.IO.Directory.Exists(directory))
        {
            contents.Problems.Add(File.Exists(directory)
                ? $"{directory} is a file, but the directory of a checkpoint or a .gguf file was expected."
                : $"{directory} does not exist, but the directory of a checkpoint or a .gguf file was expected.");
            return contents;
        }

        contents.Try(contents.ReadConfigs);
        contents.Try(contents.ReadFiles);
        contents.Check("config.json calls");
        return contents;
    }

    private void Check(string caller)
    {
        if (this is { Config: ModelConfig config, Files.Count: > 0 })
        {
            new TensorCheck(config, _tensors, Directory, caller, Problems).Run(complete: !Files.ContainsValue(null));
        }
    }

    private void ReadGguf(string first)
    {
        GgufFile? head = null;
        foreach (string path in GgufSet.Parts(first))
        {
            Files[path] = null;
            Try(() =>
            {
                if (!File.Exists(path))
                {
                    throw new CheckpointException($"{path} is missing: all parts of a split GGUF file must lie in one directory, download it.");
                }

                GgufFile file = GgufFile.Read(path);
                head ??= path == first ? file : null;
                Lengths[path] = file.Length;
                Files[path] = Add(path, file.Tensors.SelectMany(GgufNames.Translate));
            });
        }

        if (head is not null)
        {
            if (head.Metadata.OptionalInt("split.count") is > 1 and int count && count != Files.Count)
            {
                throw new CheckpointException(
                    $"{first} is one of {count} parts, but is not named as one: give the parts their names back, NAME-00001-of-{count:00000}.gguf and so on.");
            }

            Config = GgufConfig.Read(head, _tensors, Problems);
        }
    }

    private void ReadConfigs()
    {
        Try(() =>
        {
            string path = Path.Combine(Directory, "config.json");
            using JsonDocument document = JsonFile.Read(path);
            Config = ModelConfigReader.Read(document.RootElement, path, Problems);
        });
        Generation = GenerationConfig.Load(Path.Combine(Directory, "generation_config.json"), Problems);
    }

    private void ReadFiles()
    {
        string single = Path.Combine(Directory, SingleFile), index = Path.Combine(Directory, IndexFile);
        if (File.Exists(single))
        {
            ReadFile(single);
        }
        else if (File.Exists(index))
        {
            ReadShards(index);
        }
        else
        {
            throw new CheckpointException(NoWeights());
        }
    }

    private void ReadShards(string index)
    {
        using JsonDocument document = JsonFile.Read(index);
        if (!document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{index} has no object \"weight_map\", which says the file of each tensor: download it again.");
        }

        List<(string Tensor, string File)> entries = [];
        foreach ((string tensor, JsonElement value) in JsonFile.Members(map, index))
        {
            entries.Add((tensor, ShardPath(JsonFile.Text(value), tensor, index)));
        }

        if (entries.Count == 0)
        {
            throw new CheckpointException($"{index} has an empty \"weight_map\": download it again.");
        }

        foreach (string path in entries.Select(entry => entry.File).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            ReadFile(path);
        }

        (string Tensor, string File)[] misplaced =
            [.. entries.Where(entry => Files[entry.File] is not null && (!_tensors.TryGetValue(entry.Tensor, out TensorInfo? tensor) || tensor.File != entry.File))];
        if (misplaced.Length > 0)
        {
            throw new CheckpointException($"{index} says that tensor \"{misplaced[0].Tensor}\" is in {Path.GetFileName(misplaced[0].File)}, but it is not"
                + (misplaced.Length == 1 ? "" : $" (and {misplaced.Length - 1} more)") + ": index and files are of different versions, download them again.");
        }
    }

    /// <summary>Shards lie beside their index. A name that leads elsewhere could read any file of the machine.</summary>
    private string ShardPath(string? name, string tensor, string index)
    {
        if (name is null || name != Path.GetFileName(name) || name.AsSpan().ContainsAny("/\\:\0") || !name.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            throw new CheckpointException($"{index} places tensor \"{tensor}\" in \"{name}\", but the name of a .safetensors file in the same directory was expected.");
        }

        return Path.Combine(Directory, name);
    }

    private void ReadFile(string path)
    {
        Files[path] = null;
        Try(() =>
        {
            List<TensorInfo> tensors = SafetensorsHeader.Read(path);
            Lengths[path] = tensors.Count == 0 ? 0 : tensors[^1].Offset + tensors[^1].ByteCount;
            Files[path] = Add(path, tensors);
        });
    }

    private List<TensorInfo> Add(string path, IEnumerable<TensorInfo> tensors)
    {
        List<TensorInfo> added = [];
        foreach (TensorInfo tensor in tensors)
        {
            if (!_tensors.TryAdd(tensor.Name, tensor))
            {
                throw new CheckpointException($"{path} and {_tensors[tensor.Name].File} both hold tensor \"{tensor.Name}\": remove the file that does not belong here.");
            }

            added.Add(tensor);
        }

        return added;
    }

    private string NoWeights()
    {
        string[] others = [.. System.IO.Directory.EnumerateFiles(Directory)
            .Where(file => Path.GetExtension(file) is ".safetensors" or ".bin" or ".pt" or ".pth")
            .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        string found = others.Length == 0 ? "" : $"; {others[0]} alone does not do{(others.Length == 1 ? "" : $", nor do the {others.Length - 1} files like it")}";
        return $"{Directory} has neither {SingleFile} nor {IndexFile} with its shards{found}: download the safetensors version of the model, or a GGUF file.";
    }

    private void Try(Action read)
    {
        try
        {
            read();
        }
        catch (CheckpointException e)
        {
            Problems.Add(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problems.Add($"{Directory} cannot be read: {e.Message}");
        }
    }
}
