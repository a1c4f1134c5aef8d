using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

/// <summary>A small checkpoint in a temporary directory, for tests to change and to damage. Values are seeded.</summary>
internal sealed class CheckpointBuilder : IDisposable
{
    public CheckpointBuilder(JsonObject config)
    {
        Config = config;
        Tensors = MakeTensors(config);
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("qwen3-checkpoint-").FullName;

    public string WeightsPath => FilePath("model.safetensors");

    public JsonObject Config { get; }

    public List<TensorData> Tensors { get; private set; }

    public static JsonObject DenseConfig() => (JsonObject)JsonNode.Parse("""
        {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_act": "silu", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6, "vocab_size": 16, "max_position_embeddings": 128, "rms_norm_eps": 1e-6,
         "rope_theta": 1000000, "rope_scaling": null, "attention_bias": false, "use_sliding_window": false, "tie_word_embeddings": true, "eos_token_id": 2}
        """)!;

    public static JsonObject MoeConfig(int experts = 3)
    {
        JsonObject config = DenseConfig();
        config["architectures"] = new JsonArray("Qwen3MoeForCausalLM");
        config["model_type"] = "qwen3_moe";
        config["num_experts"] = experts;
        config["num_experts_per_tok"] = 2;
        config["moe_intermediate_size"] = 4;
        config["norm_topk_prob"] = true;
        config["tie_word_embeddings"] = false;
        return config;
    }

    public static CheckpointBuilder Dense() => new(DenseConfig());

    public static CheckpointBuilder Moe(int experts = 3) => new(MoeConfig(experts));

    public static List<TensorData> MakeTensors(JsonObject config)
    {
        Random random = new(7);
        return [.. TensorCatalog.Expected(ModelConfig.Parse(config.ToJsonString()))
            .Select(tensor => TensorData.FromFloats(tensor.Name, TensorType.BF16, Values(random, tensor.Shape), tensor.Shape))];
    }

    public static float[] Values(Random random, params int[] shape) =>
        [.. Enumerable.Range(0, shape.Aggregate(1, (product, dimension) => product * dimension)).Select(_ => random.NextSingle() * 2 - 1)];

    public string FilePath(string name) => Path.Combine(Directory, name);

    public TensorData this[string name] => Tensors.Single(tensor => tensor.Name == name);

    public CheckpointBuilder Remove(string name)
    {
        Tensors = [.. Tensors.Where(tensor => tensor.Name != name)];
        return this;
    }

    public CheckpointBuilder Replace(TensorData tensor)
    {
        Remove(tensor.Name).Tensors.Add(tensor);
        return this;
    }

    /// <summary>Writes config.json and one model.safetensors.</summary>
    public CheckpointBuilder Write()
    {
        WriteConfig();
        SafetensorsWriter.Write(WeightsPath, Tensors);
        return this;
    }

    /// <summary>Writes config.json, an index, and each tensor into the shard that <paramref name="shardOf"/> names for it.</summary>
    public CheckpointBuilder WriteShards(Func<string, string> shardOf)
    {
        WriteConfig();
        foreach (IGrouping<string, TensorData> shard in Tensors.GroupBy(tensor => shardOf(tensor.Name)))
        {
            SafetensorsWriter.Write(FilePath(shard.Key), shard);
        }

        WriteIndex(Tensors.Select(tensor => (tensor.Name, shardOf(tensor.Name))));
        return this;
    }

    public void WriteIndex(IEnumerable<(string Tensor, string File)> entries)
    {
        JsonObject map = new(entries.Select(entry => KeyValuePair.Create(entry.Tensor, (JsonNode?)entry.File)));
        File.WriteAllText(FilePath("model.safetensors.index.json"), new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());
    }

    public void WriteConfig() => File.WriteAllText(FilePath("config.json"), Config.ToJsonString());

    /// <summary>Opens, which must fail with a sentence that has all the given parts.</summary>
    public string Refused(params string[] parts)
    {
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(Directory)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        return message;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
