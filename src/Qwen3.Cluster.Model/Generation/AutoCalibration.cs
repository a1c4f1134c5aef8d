using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// When the mode AUTO keeps a model's direct answer, as <see cref="AnswerProbe"/> judges it. A file beside the checkpoint, which
/// <c>qwen3 calibrate</c> writes, holds what was found best for the model.
/// </summary>
public sealed record AutoCalibration
{
    /// <summary>The file's name.</summary>
    public const string FileName = "regulator.json";

    /// <summary>Most tokens that <see cref="ProbeTokens"/> can be.</summary>
    public const int MostProbeTokens = 1024;

    /// <summary>Largest <see cref="Threshold"/>; above 1 no answer is kept.</summary>
    public const double LargestThreshold = 2;

    /// <summary>The confidence from which on the direct answer is kept; 0: always, above 1: never.</summary>
    public double Threshold { get; init; } = 0.9;

    /// <summary>How many of the answer's first tokens are looked at; 1 to <see cref="MostProbeTokens"/>.</summary>
    public int ProbeTokens { get; init; } = 24;

    /// <summary>Reads a model's file; null when it has none.</summary>
    /// <param name="model">Its directory, or its GGUF file.</param>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static AutoCalibration? Load(string model)
    {
        string path = PathOf(model);
        if (!Path.Exists(path))
        {
            return null;
        }

        List<string> problems = [];
        using JsonDocument document = JsonFile.Read(path);
        JsonFields fields = new(document.RootElement, path, problems);
        var calibration = new AutoCalibration
        {
            Threshold = fields.OptionalNumber("threshold", 0, LargestThreshold, orEqual: true)
                ?? throw new CheckpointException($"{path} has no threshold: write it again with qwen3 calibrate."),
            ProbeTokens = fields.Int("probe_tokens", 1, MostProbeTokens),
        };
        return problems.Count == 0 ? calibration : throw new CheckpointException(problems[0]);
    }

    /// <summary>Writes a model's file, whole or not at all.</summary>
    /// <param name="model">Its directory, or its GGUF file.</param>
    /// <exception cref="IOException">The directory cannot be written to.</exception>
    public void Save(string model)
    {
        string path = PathOf(model);
        string unfinished = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(unfinished, JsonSerializer.Serialize(
            new Dictionary<string, object> { ["threshold"] = Threshold, ["probe_tokens"] = ProbeTokens },
            new JsonSerializerOptions { WriteIndented = true }) + "\n");
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Where a model's file is, or would be.</summary>
    /// <param name="model">Its directory, or its GGUF file.</param>
    public static string PathOf(string model) => Path.Combine(File.Exists(model) ? Path.GetDirectoryName(Path.GetFullPath(model))! : model, FileName);
}
