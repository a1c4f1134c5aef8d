using System.Text.Json;
using System.Text.Json.Nodes;

namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>What a GGUF file's metadata says about the geometry, as the config.json that says the same, so that both are checked alike.</summary>
internal static class GgufConfig
{
    /// <summary>The config, or null after adding at least one problem.</summary>
    /// <param name="file">The first file.</param>
    /// <param name="tensors">All tensors by our names.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static ModelConfig? Read(GgufFile file, IReadOnlyDictionary<string, TensorInfo> tensors, List<string> problems)
    {
        GgufMetadata metadata = file.Metadata;
        string architecture = metadata.OptionalText("general.architecture") ?? throw metadata.Missing("general.architecture");
        if (architecture is not ("qwen3" or "qwen3moe"))
        {
            throw new CheckpointException($"{file.Path} holds a model of the architecture \"{architecture}\"; this server runs qwen3 and qwen3moe.");
        }

        bool moe = architecture == "qwen3moe";
        int Required(string key) => metadata.Int($"{architecture}.{key}");
        if (!tensors.TryGetValue(TensorCatalog.Embedding, out TensorInfo? embedding))
        {
            throw new CheckpointException($"{file.Path} and its further parts have no tensor \"token_embd.weight\": the download is incomplete.");
        }

        JsonObject config = new()
        {
            ["architectures"] = new JsonArray(moe ? "Qwen3MoeForCausalLM" : "Qwen3ForCausalLM"),
            ["model_type"] = moe ? "qwen3_moe" : "qwen3",
            ["hidden_act"] = "silu",
            ["num_hidden_layers"] = Required("block_count"),
            ["hidden_size"] = Required("embedding_length"),
            ["num_attention_heads"] = Required("attention.head_count"),
            ["num_key_value_heads"] = metadata.OptionalInt($"{architecture}.attention.head_count_kv") ?? Required("attention.head_count"),
            ["max_position_embeddings"] = Required("context_length"),
            ["vocab_size"] = embedding.Shape[0],
            ["rms_norm_eps"] = metadata.OptionalNumber($"{architecture}.attention.layer_norm_rms_epsilon") ?? throw metadata.Missing($"{architecture}.attention.layer_norm_rms_epsilon"),
            ["rope_theta"] = metadata.OptionalNumber($"{architecture}.rope.freq_base") ?? 10_000,
            ["tie_word_embeddings"] = !tensors.ContainsKey(TensorCatalog.Head),
            ["eos_token_id"] = new JsonArray([.. EndOfReply(metadata).Select(id => JsonValue.Create(id))]),
        };
        if (metadata.OptionalInt($"{architecture}.attention.key_length") is int headDim)
        {
            config["head_dim"] = headDim;
        }

        if (metadata.OptionalInt($"{architecture}.feed_forward_length") is int width)
        {
            config["intermediate_size"] = width;
        }

        if (metadata.OptionalInt("tokenizer.ggml.bos_token_id") is int bos)
        {
            config["bos_token_id"] = bos;
        }

        if (moe)
        {
            // Every block is sparse and the weights of the chosen experts add up to 1: the architecture has no keys for anything else.
            config["num_experts"] = Required("expert_count");
            config["num_experts_per_tok"] = Required("expert_used_count");
            config["moe_intermediate_size"] = Required("expert_feed_forward_length");
            config["norm_topk_prob"] = true;
        }

        if (metadata.OptionalText($"{architecture}.rope.scaling.type") is { } scaling && scaling != "none")
        {
            config["rope_scaling"] = new JsonObject
            {
                ["rope_type"] = scaling,
                ["factor"] = metadata.OptionalNumber($"{architecture}.rope.scaling.factor"),
                ["original_max_position_embeddings"] = metadata.OptionalInt($"{architecture}.rope.scaling.original_context_length"),
            };
        }

        using JsonDocument document = JsonDocument.Parse(config.ToJsonString());
        return ModelConfigReader.Read(document.RootElement, $"The metadata of {file.Path}", problems);
    }

    // The one that the file names, and those with which Qwen3 ends a message and a text.
    private static IEnumerable<int> EndOfReply(GgufMetadata metadata)
    {
        HashSet<int> ids = [];
        if (metadata.OptionalInt("tokenizer.ggml.eos_token_id") is int eos)
        {
            ids.Add(eos);
        }

        string[] tokens = metadata.OptionalTexts("tokenizer.ggml.tokens") ?? [];
        foreach (string ending in (string[])["<|im_end|>", "<|endoftext|>"])
        {
            int id = Array.IndexOf(tokens, ending);
            if (id >= 0)
            {
                ids.Add(id);
            }
        }

        return ids;
    }
}
