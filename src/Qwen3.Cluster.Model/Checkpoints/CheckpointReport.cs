using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>What a directory holds and whether it can be used, as data: <c>qwen3 inspect</c> prints it, and it serialises to JSON as it is.</summary>
/// <param name="Directory">As given.</param>
/// <param name="Problems">Everything for which <see cref="Checkpoint.Open"/> refuses it, a sentence each; empty when it opens.</param>
/// <param name="Config">The geometry; null when config.json is missing or refused.</param>
/// <param name="Parameters">null without a config.</param>
/// <param name="Generation">The publisher's recommended sampling.</param>
/// <param name="Files">The weight files, by name.</param>
/// <param name="Types">The element types of the stored tensors, the one with the most bytes first.</param>
/// <param name="Tokenizer">tokenizer.json and the chat template.</param>
public sealed record CheckpointReport(
    string Directory,
    IReadOnlyList<string> Problems,
    ModelConfig? Config,
    ParameterReport? Parameters,
    GenerationConfig Generation,
    IReadOnlyList<WeightFileReport> Files,
    IReadOnlyList<TensorTypeReport> Types,
    TokenizerReport Tokenizer)
{
    /// <summary>Whether the weights can be used.</summary>
    public bool Opens => Problems.Count == 0;

    /// <summary>Whether a conversation can be held with it: the weights, the tokenizer and the template can be used.</summary>
    public bool Converses => Opens && Tokenizer.Problems.Count == 0;

    /// <summary>Stored tensors, FP8 scales and unused ones included.</summary>
    public int TensorCount => Types.Sum(type => type.TensorCount);

    /// <summary>Bytes of the weight files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes ?? 0);

    /// <summary>Looks at a directory or a GGUF file, whatever is in it. Reads JSON and headers, no weights; throws nothing for bad content.</summary>
    public static CheckpointReport Of(string directory)
    {
        CheckpointContents contents = CheckpointContents.Read(directory);
        return new CheckpointReport(
            directory,
            contents.Problems,
            contents.Config,
            contents.Config is null ? null : ParameterReport.Of(contents.Config),
            contents.Generation,
            [.. contents.Files.Select(file => WeightFileReport.Of(file.Key, file.Value)).OrderBy(file => file.Name, StringComparer.Ordinal)],
            [.. contents.Tensors.Values.GroupBy(tensor => tensor.Type)
                .Select(group => new TensorTypeReport(group.Key.FormatName(), group.Count(), group.Sum(tensor => tensor.ByteCount)))
                .OrderByDescending(type => type.Bytes).ThenBy(type => type.Type, StringComparer.Ordinal)],
            System.IO.Directory.Exists(directory) || contents.Files.Count > 0 ? TokenizerReport.Of(directory, contents.Config) : TokenizerReport.Nothing);
    }
}
