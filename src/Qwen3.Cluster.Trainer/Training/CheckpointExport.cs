using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Training.Network;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>Writes what has been trained as an ordinary Hugging Face directory; the tokenizer lies there already.</summary>
internal static class CheckpointExport
{
    /// <summary>Writes config.json, generation_config.json and model.safetensors, each whole or not at all.</summary>
    /// <param name="directory">Existing.</param>
    /// <param name="shape">The geometry.</param>
    /// <param name="tokens">The tokenizer's special tokens.</param>
    /// <param name="network">The weights.</param>
    /// <param name="type">Of the weights: BF16 for use, F32 for comparisons.</param>
    public static void Write(string directory, ModelShape shape, SpecialTokens tokens, Qwen3Network network, TensorType type = TensorType.BF16)
    {
        (int end, int messageEnd) = (tokens.EndOfText!.Value, tokens.ImEnd!.Value);
        AtomicFile.WriteText(Path.Combine(directory, "config.json"), shape.ToJson(end, messageEnd));
        AtomicFile.WriteText(Path.Combine(directory, "generation_config.json"), GenerationJson(end, messageEnd));
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        SafetensorsWriter.Write(
            Path.Combine(directory, "model.safetensors"), network.Export().Select(tensor => ToData(tensor.Name, tensor.Values, type)));
    }

    private static TensorData ToData(string name, Tensor values, TensorType type) =>
        TensorData.FromFloats(name, type, TensorMemory.Floats(values.contiguous()), [.. values.shape.Select(size => (int)size)]);

    // Little chance: arithmetic has one right answer. More than none: the same question may be thought through in several samples.
    private static string GenerationJson(int end, int messageEnd) => new JsonObject
    {
        ["bos_token_id"] = end,
        ["do_sample"] = true,
        ["eos_token_id"] = new JsonArray(messageEnd, end),
        ["pad_token_id"] = end,
        ["temperature"] = 0.2,
        ["top_k"] = 20,
        ["top_p"] = 0.95,
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
}
