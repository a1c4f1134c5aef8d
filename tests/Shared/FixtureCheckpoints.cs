using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Tests;

/// <summary>
/// The checkpoints in tests/Fixtures as ordinary directories: weights unzipped and, where a config.json names another fixture's weights,
/// brought beside it. Made once a process, in a temporary directory that goes with the process.
/// </summary>
internal static class FixtureCheckpoints
{
    private static readonly Lazy<string> Root = new(MakeRoot);
    private static readonly ConcurrentDictionary<string, Lazy<string>> Made = new();

    /// <summary>All of them: MoE and dense, without top-k normalisation, with YaRN, with FP8 weights.</summary>
    public static readonly string[] Names = ["tiny-moe", "tiny-moe.no-norm-topk", "tiny-dense", "tiny-dense.yarn", "tiny-dense-fp8"];

    /// <summary>tests/Fixtures, as copied beside the test assembly.</summary>
    public static string Fixtures => Path.Combine(AppContext.BaseDirectory, "Fixtures");

    /// <summary>A directory with config.json and model.safetensors. Tests read it and do not change it.</summary>
    public static string Directory(string name) => Made.GetOrAdd(name, _ => new Lazy<string>(() => Make(name))).Value;

    public static Checkpoint Open(string name) => Checkpoint.Open(Directory(name));

    /// <summary>
    /// What the float64 reference gives: {one,eight,forty}.ids and .logits [tokens, 256], greedy.ids (what follows `eight`), and, for tiny-moe and
    /// tiny-dense, eight.layer{0,1}.after_attn, .out, .router_top, .router_weight.
    /// </summary>
    public static Dictionary<string, SimpleSafetensors.Tensor> Expected(string name) =>
        SimpleSafetensors.Read(Path.Combine(Fixtures, name, "expected.safetensors"));

    private static string Make(string name)
    {
        string source = Path.Combine(Fixtures, name), target = Path.Combine(Root.Value, name);
        System.IO.Directory.CreateDirectory(target);
        string config = Path.Combine(source, "config.json");
        File.Copy(config, Path.Combine(target, "config.json"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(config));
        string weights = Path.Combine(target, "model.safetensors");
        if (json.RootElement.TryGetProperty("_weights_from", out JsonElement other))
        {
            File.Copy(Path.Combine(Directory(Path.GetFileName(other.GetString()!)), "model.safetensors"), weights);
        }
        else if (File.Exists(Path.Combine(source, "model.safetensors")))
        {
            File.Copy(Path.Combine(source, "model.safetensors"), weights);
        }
        else
        {
            using GZipStream unzip = new(File.OpenRead(Path.Combine(source, "model.safetensors.gz")), CompressionMode.Decompress);
            using FileStream to = File.Create(weights);
            unzip.CopyTo(to);
        }

        return target;
    }

    private static string MakeRoot()
    {
        string root = System.IO.Directory.CreateTempSubdirectory("qwen3-fixtures-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(root, recursive: true);
        return root;
    }
}
