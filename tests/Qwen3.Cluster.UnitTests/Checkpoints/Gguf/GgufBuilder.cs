using System.Text;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;
using Qwen3.Cluster.UnitTests.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Checkpoints.Gguf;

/// <summary>Writes GGUF files: those of a small model that lies beside them as an ordinary checkpoint, for tests to compare and to damage.</summary>
internal sealed class GgufBuilder : IDisposable
{
    private static readonly Dictionary<TensorType, uint> Numbers = new()
    {
        [TensorType.F32] = 0, [TensorType.F16] = 1, [TensorType.Q4_0] = 2, [TensorType.Q8_0] = 8, [TensorType.Q4_K] = 12, [TensorType.Q5_K] = 13,
        [TensorType.Q6_K] = 14, [TensorType.BF16] = 30,
    };

    /// <summary>Makes a model whose matrices are of a type.</summary>
    /// <param name="type">Of the matrices; norms and the router's gate are F32, as converters write them.</param>
    /// <param name="isMoe">Else dense.</param>
    /// <param name="tied">Whether the head is the embedding.</param>
    public GgufBuilder(TensorType type, bool isMoe = true, bool tied = false)
    {
        JsonObject config = new()
        {
            ["hidden_size"] = 256, ["moe_intermediate_size"] = 256, ["intermediate_size"] = 512, ["num_hidden_layers"] = 2, ["num_experts"] = isMoe ? 4 : 0,
            ["num_experts_per_tok"] = 2, ["vocab_size"] = 288, ["num_attention_heads"] = 8, ["head_dim"] = 32, ["tie_word_embeddings"] = tied,
        };
        RandomCheckpoint.Write(Directory, config, TensorType.F32, seed: 3);
        File.WriteAllText(Path.Combine(Directory, "tokenizer.json"), SmallTokenizer.Json().ToJsonString());
        using Checkpoint checkpoint = Checkpoint.Open(Directory);
        Config = checkpoint.Config;
        AddMetadata(isMoe);
        AddTokenizer();
        foreach (ExpectedTensor tensor in TensorCatalog.Expected(Config))
        {
            AddTensor(tensor.Name, tensor.Shape, checkpoint.Get(tensor.Name).ToFloats(), type);
        }

        foreach ((string name, List<float[]> experts) in _experts)
        {
            (int[] shape, float[] values) = (_expertShapes[name], [.. experts.SelectMany(expert => expert)]);
            Tensors.Add((name, [experts.Count, .. shape], Numbers[type], GgmlEncoder.Encode(type, values).Bytes));
        }
    }

    private readonly Dictionary<string, List<float[]>> _experts = [];
    private readonly Dictionary<string, int[]> _expertShapes = [];

    /// <summary>Holds the model as an ordinary checkpoint, in float32.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("qwen3-gguf-").FullName;

    public ModelConfig Config { get; }

    /// <summary>Keys and their values: string, bool, byte … ulong, float, double, string[], int[].</summary>
    public Dictionary<string, object> Metadata { get; } = [];

    /// <summary>Shapes outermost first; ggml's number of the type.</summary>
    public List<(string Name, int[] Shape, uint Type, byte[] Bytes)> Tensors { get; } = [];

    public uint Version { get; set; } = 3;

    public int Alignment { get; set; } = 32;

    /// <summary>Writes one file in a directory of its own and returns its path.</summary>
    public string Write(string name = "model.gguf") => Write(name, Metadata, Tensors);

    /// <summary>Writes as many parts and returns the path of the first.</summary>
    public string WriteParts(int count)
    {
        string[] paths = [.. Enumerable.Range(0, count).Select(part =>
        {
            Dictionary<string, object> metadata = part == 0 ? new(Metadata) : [];
            metadata["general.alignment"] = (uint)Alignment;
            metadata["split.no"] = (ushort)part;
            metadata["split.count"] = (ushort)count;
            metadata["split.tensors.count"] = Tensors.Count;
            return Write($"model-{part + 1:00000}-of-{count:00000}.gguf", metadata, [.. Tensors.Where((_, i) => i % count == part)]);
        })];
        return paths[0];
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private string Write(string name, Dictionary<string, object> metadata, List<(string Name, int[] Shape, uint Type, byte[] Bytes)> tensors)
    {
        string path = Path.Combine(System.IO.Directory.CreateDirectory(Path.Combine(Directory, "gguf")).FullName, name);
        using FileStream stream = File.Create(path);
        using BinaryWriter writer = new(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, object value) in metadata)
        {
            WriteText(writer, key);
            WriteValue(writer, value);
        }

        ulong offset = 0;
        foreach ((string tensor, int[] shape, uint type, byte[] bytes) in tensors)
        {
            WriteText(writer, tensor);
            writer.Write((uint)shape.Length);
            foreach (int dimension in shape.Reverse())
            {
                writer.Write((ulong)dimension);
            }

            writer.Write(type);
            writer.Write(offset);
            offset += (ulong)((bytes.Length + Alignment - 1) / Alignment * Alignment);
        }

        foreach ((_, _, _, byte[] bytes) in tensors)
        {
            writer.Write(new byte[(Alignment - (stream.Position % Alignment)) % Alignment]);
            writer.Write(bytes);
        }

        return path;
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte number: writer.Write(0u); writer.Write(number); break;
            case ushort number: writer.Write(2u); writer.Write(number); break;
            case uint number: writer.Write(4u); writer.Write(number); break;
            case int number: writer.Write(5u); writer.Write(number); break;
            case float number: writer.Write(6u); writer.Write(number); break;
            case bool truth: writer.Write(7u); writer.Write(truth); break;
            case string text: writer.Write(8u); WriteText(writer, text); break;
            case string[] texts:
                writer.Write(9u);
                writer.Write(8u);
                writer.Write((ulong)texts.Length);
                Array.ForEach(texts, text => WriteText(writer, text));
                break;
            case int[] numbers:
                writer.Write(9u);
                writer.Write(5u);
                writer.Write((ulong)numbers.Length);
                Array.ForEach(numbers, writer.Write);
                break;
            case float[] numbers:
                writer.Write(9u);
                writer.Write(6u);
                writer.Write((ulong)numbers.Length);
                Array.ForEach(numbers, writer.Write);
                break;
            case ulong number: writer.Write(10u); writer.Write(number); break;
            case double number: writer.Write(12u); writer.Write(number); break;
            default: throw new ArgumentException(value.ToString());
        }
    }

    private void AddMetadata(bool isMoe)
    {
        string prefix = isMoe ? "qwen3moe." : "qwen3.";
        Metadata["general.architecture"] = prefix[..^1];
        Metadata["general.name"] = "Random";
        Metadata["general.quantized_by"] = 1.5;
        Metadata[prefix + "block_count"] = (uint)Config.LayerCount;
        Metadata[prefix + "context_length"] = (uint)Config.MaxPositions;
        Metadata[prefix + "embedding_length"] = (uint)Config.HiddenSize;
        Metadata[prefix + "feed_forward_length"] = (uint)Config.IntermediateSize;
        Metadata[prefix + "attention.head_count"] = (uint)Config.HeadCount;
        Metadata[prefix + "attention.head_count_kv"] = (uint)Config.KeyValueHeadCount;
        Metadata[prefix + "attention.key_length"] = (uint)Config.HeadDim;
        Metadata[prefix + "attention.value_length"] = (uint)Config.HeadDim;
        Metadata[prefix + "attention.layer_norm_rms_epsilon"] = (float)Config.RmsNormEpsilon;
        Metadata[prefix + "rope.freq_base"] = (float)Config.RopeTheta;
        if (isMoe)
        {
            Metadata[prefix + "expert_count"] = (uint)Config.ExpertCount;
            Metadata[prefix + "expert_used_count"] = (uint)Config.ExpertsPerToken;
            Metadata[prefix + "expert_feed_forward_length"] = (uint)Config.MoeIntermediateSize;
        }
    }

    private void AddTokenizer()
    {
        JsonObject json = SmallTokenizer.Json();
        SortedDictionary<int, (string Text, int Kind)> tokens = [];
        foreach ((string text, JsonNode? id) in (JsonObject)json["model"]!["vocab"]!)
        {
            tokens[id!.GetValue<int>()] = (text, 1);
        }

        foreach (JsonNode? added in (JsonArray)json["added_tokens"]!)
        {
            tokens[added!["id"]!.GetValue<int>()] = (added["content"]!.GetValue<string>(), added["special"]!.GetValue<bool>() ? 3 : 4);
        }

        while (tokens.Count < Config.VocabularySize)
        {
            tokens[tokens.Count] = ($"[PAD{tokens.Count}]", 5);
        }

        Metadata["tokenizer.ggml.model"] = "gpt2";
        Metadata["tokenizer.ggml.pre"] = "qwen2";
        Metadata["tokenizer.ggml.tokens"] = tokens.Values.Select(token => token.Text).ToArray();
        Metadata["tokenizer.ggml.token_type"] = tokens.Values.Select(token => token.Kind).ToArray();
        Metadata["tokenizer.ggml.scores"] = new float[tokens.Count];
        Metadata["tokenizer.ggml.merges"] = SmallTokenizer.Merges;
        Metadata["tokenizer.ggml.eos_token_id"] = (uint)tokens.Single(token => token.Value.Text == "<|im_end|>").Key;
        Metadata["tokenizer.ggml.add_bos_token"] = false;
    }

    private void AddTensor(string name, int[] shape, float[] values, TensorType type)
    {
        string[] parts = name.Split('.');
        string file = name switch
        {
            "model.embed_tokens.weight" => "token_embd.weight",
            "model.norm.weight" => "output_norm.weight",
            "lm_head.weight" => "output.weight",
            _ => $"blk.{parts[2]}." + string.Join('.', parts[3..]) switch
            {
                "input_layernorm.weight" => "attn_norm.weight",
                "post_attention_layernorm.weight" => "ffn_norm.weight",
                "self_attn.q_proj.weight" => "attn_q.weight",
                "self_attn.k_proj.weight" => "attn_k.weight",
                "self_attn.v_proj.weight" => "attn_v.weight",
                "self_attn.o_proj.weight" => "attn_output.weight",
                "self_attn.q_norm.weight" => "attn_q_norm.weight",
                "self_attn.k_norm.weight" => "attn_k_norm.weight",
                "mlp.gate.weight" => "ffn_gate_inp.weight",
                _ when parts[4] == "experts" => $"ffn_{parts[6].Replace("_proj", "", StringComparison.Ordinal)}_exps.weight",
                _ => $"ffn_{parts[4].Replace("_proj", "", StringComparison.Ordinal)}.weight",
            },
        };
        if (file.Contains("_exps", StringComparison.Ordinal))
        {
            _expertShapes[file] = shape;
            if (!_experts.TryGetValue(file, out List<float[]>? experts))
            {
                _experts[file] = experts = [];
            }

            experts.Add(values);
            return;
        }

        TensorType stored = shape.Length == 1 || file.Contains("gate_inp", StringComparison.Ordinal) ? TensorType.F32 : type;
        Tensors.Add((file, shape, Numbers[stored], GgmlEncoder.Encode(stored, values).Bytes));
    }
}
