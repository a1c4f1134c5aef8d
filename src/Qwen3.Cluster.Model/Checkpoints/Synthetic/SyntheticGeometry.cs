using System.Text.Json;
using System.Text.Json.Nodes;

namespace Qwen3.Cluster.Model.Checkpoints.Synthetic;

/// <summary>The geometry of a checkpoint that is made up: that of a model, with fewer layers or a smaller vocabulary.</summary>
public static class SyntheticGeometry
{
    /// <summary>Finds one.</summary>
    /// <param name="source">One of <see cref="PublishedGeometry.Names"/>, a config.json, or a directory with one.</param>
    /// <param name="layers">Layers; null: as many as the source has.</param>
    /// <param name="vocabulary">Ids; null: as many as the source has.</param>
    /// <returns>A config.json for weights that are not quantised by anyone else.</returns>
    /// <exception cref="CheckpointException">There is no such thing, or it is none that this project computes.</exception>
    public static JsonObject Read(string source, int? layers, int? vocabulary)
    {
        JsonObject config = PublishedGeometry.Find(source) ?? Load(source);
        config.Remove("quantization_config");
        config["num_hidden_layers"] = layers ?? config["num_hidden_layers"]?.DeepClone();
        config["vocab_size"] = vocabulary ?? config["vocab_size"]?.DeepClone();

        // Ids that a small vocabulary does not have name nothing.
        config.Remove("bos_token_id");
        config.Remove("eos_token_id");
        ModelConfig.Parse(config.ToJsonString(), source);
        return config;
    }

    private static JsonObject Load(string source)
    {
        string path = Directory.Exists(source) ? Path.Combine(source, "config.json") : source;
        if (!File.Exists(path))
        {
            throw new CheckpointException(
                $"{path} is not there: --random takes a config.json, a directory that has one, or one of {string.Join(", ", PublishedGeometry.Names)}.");
        }

        using JsonDocument document = JsonFile.Read(path);
        return JsonObject.Create(document.RootElement) is { } config
            ? (JsonObject)config.DeepClone()
            : throw new CheckpointException($"{path} is no JSON object, but a config.json was expected.");
    }
}
