using System.Text.Json;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Checks the fields of <c>config.json</c>. What this project does not compute is refused here, by name, rather than ignored.</summary>
internal static class ModelConfigReader
{
    // Far beyond any model of the family, and small enough that a matrix's and a model's size fit in 64 bits.
    private const int LargestDimension = 1 << 18;
    private const int LargestVocabulary = 1 << 24;
    private const int MostLayers = 1024;
    private const int MostExperts = 4096;

    /// <summary>The config, or null after adding at least one problem.</summary>
    public static ModelConfig? Read(JsonElement root, string file, List<string> problems)
    {
        int before = problems.Count;
        JsonFields fields = new(root, file, problems);
        (string architecture, string modelType)? kind = ReadKind(fields);
        if (kind is null)
        {
            return null;
        }

        bool moe = kind.Value.modelType == "qwen3_moe";
        int layers = fields.Int("num_hidden_layers", 1, MostLayers);
        int hidden = fields.Int("hidden_size", 1, LargestDimension);
        int heads = fields.Int("num_attention_heads", 1, LargestDimension);
        int maxPositions = fields.Int("max_position_embeddings", 1, int.MaxValue);
        (double theta, YarnScaling? yarn) = ReadRope(fields, maxPositions);
        ModelConfig config = new()
        {
            Architecture = kind.Value.architecture,
            ModelType = kind.Value.modelType,
            HiddenSize = hidden,
            LayerCount = layers,
            HeadCount = heads,
            KeyValueHeadCount = fields.Int("num_key_value_heads", 1, LargestDimension),
            HeadDim = fields.OptionalInt("head_dim", 1, LargestDimension) ?? hidden / heads,
            VocabularySize = fields.Int("vocab_size", 1, LargestVocabulary),
            MaxPositions = maxPositions,
            RmsNormEpsilon = fields.OptionalNumber("rms_norm_eps", 0, 1) ?? 1e-6,
            RopeTheta = theta,
            RopeScaling = yarn,
            TieWordEmbeddings = fields.OptionalBool("tie_word_embeddings") ?? false,
            ExpertCount = moe ? fields.Int("num_experts", 1, MostExperts) : 0,
            ExpertsPerToken = moe ? fields.Int("num_experts_per_tok", 1, MostExperts) : 0,
            MoeIntermediateSize = moe ? fields.Int("moe_intermediate_size", 1, LargestDimension) : 0,
            NormalizeTopK = moe && (fields.OptionalBool("norm_topk_prob") ?? false),
            DecoderSparseStep = moe ? fields.OptionalInt("decoder_sparse_step", 1, int.MaxValue) ?? 1 : 1,
            DenseLayers = moe ? fields.Ints("mlp_only_layers", 0, MostLayers) : [],
            IntermediateSize = fields.OptionalInt("intermediate_size", 1, LargestDimension) ?? 0,
            Fp8BlockSize = ReadQuantization(fields),
            BosTokenId = fields.OptionalInt("bos_token_id", 0, int.MaxValue),
            EosTokenIds = fields.Ints("eos_token_id", 0, int.MaxValue),
        };
        RefuseUnsupported(fields);
        if (problems.Count == before)
        {
            CheckTogether(config, fields);
        }

        return problems.Count == before ? config : null;
    }

    private static (string, string)? ReadKind(JsonFields fields)
    {
        string? modelType = fields.OptionalText("model_type");
        IReadOnlyList<string> architectures = fields.Texts("architectures");
        string? expected = modelType switch { "qwen3" => "Qwen3ForCausalLM", "qwen3_moe" => "Qwen3MoeForCausalLM", _ => null };
        if (modelType is not null && expected is not null && architectures.All(architecture => architecture == expected))
        {
            return (expected, modelType);
        }

        string found = $"model_type \"{modelType}\" with architectures [{string.Join(", ", architectures)}]";
        fields.Refuse($"{found} is not supported; this server runs qwen3 (Qwen3ForCausalLM) and qwen3_moe (Qwen3MoeForCausalLM)");
        return null;
    }

    /// <summary>rope_theta and rope_scaling; newer files have one object rope_parameters with both.</summary>
    private static (double Theta, YarnScaling? Yarn) ReadRope(JsonFields fields, int maxPositions)
    {
        const double LargestTheta = 1e15;
        JsonFields? rope = fields.OptionalObject("rope_parameters") ?? fields.OptionalObject("rope_scaling");
        double theta = rope?.OptionalNumber("rope_theta", 1, LargestTheta) ?? fields.Number("rope_theta", 1, LargestTheta);
        string type = rope?.OptionalText("rope_type") ?? rope?.OptionalText("type") ?? "default";
        if (rope is null || type == "default")
        {
            return (theta, null);
        }

        if (type != "yarn")
        {
            rope.Refuse($"the RoPE scaling \"{type}\" is not supported; default and yarn are");
            return (theta, null);
        }

        foreach (string name in (string[])["mscale", "mscale_all_dim"])
        {
            if (rope.Has(name))
            {
                rope.Refuse($"\"{name}\" is not supported, Qwen3's YaRN has none");
            }
        }

        if (rope.OptionalBool("truncate") == false)
        {
            rope.Refuse("\"truncate\": false is not supported, Qwen3's YaRN rounds its corrections");
        }

        double factor = rope.Number("factor", 0, 1e6);
        double attentionFactor = rope.OptionalNumber("attention_factor", 0, 1e6) ?? (factor > 1 ? 0.1 * Math.Log(factor) + 1 : 1);
        return (theta, new YarnScaling(
            factor,
            rope.OptionalInt("original_max_position_embeddings", 1, int.MaxValue) ?? maxPositions,
            rope.OptionalNumber("beta_fast", 0, 1e6) ?? 32,
            rope.OptionalNumber("beta_slow", 0, 1e6) ?? 1,
            attentionFactor));
    }

    private static BlockSize? ReadQuantization(JsonFields fields)
    {
        if (fields.Has("compression_config"))
        {
            fields.Refuse("\"compression_config\" is not supported; weights in BF16, F16, F32 or Qwen's FP8 are");
        }

        if (fields.OptionalObject("quantization_config") is not JsonFields quantization)
        {
            return null;
        }

        string? method = quantization.OptionalText("quant_method");
        string format = quantization.OptionalText("fmt") ?? "e4m3";
        if (method != "fp8" || format != "e4m3")
        {
            quantization.Refuse($"quant_method \"{method}\" with format \"{format}\" is not supported; fp8 with e4m3, and unquantised BF16, F16 and F32 are");
            return null;
        }

        IReadOnlyList<int> block = quantization.Ints("weight_block_size", 1, LargestDimension);
        if (block.Count != 2)
        {
            quantization.Refuse("\"weight_block_size\" must have two numbers, as in [128, 128]; FP8 with one scale for a whole tensor is not supported");
            return null;
        }

        return new BlockSize(block[0], block[1]);
    }

    private static void RefuseUnsupported(JsonFields fields)
    {
        if (fields.OptionalBool("attention_bias") == true)
        {
            fields.Refuse("\"attention_bias\": true is not supported, no Qwen3 model has it");
        }

        if (fields.OptionalBool("use_sliding_window") == true || fields.Texts("layer_types").Any(type => type != "full_attention"))
        {
            fields.Refuse("sliding windows (\"use_sliding_window\" or \"layer_types\") are not supported, no Qwen3 model has them");
        }

        if (fields.OptionalText("hidden_act") is string act && act != "silu")
        {
            fields.Refuse($"\"hidden_act\" is \"{act}\", but only \"silu\" is supported");
        }

        if (fields.OptionalNumber("partial_rotary_factor", 0, 1) is < 1)
        {
            fields.Refuse("\"partial_rotary_factor\" below 1 is not supported, Qwen3 turns whole heads");
        }
    }

    private static void CheckTogether(ModelConfig config, JsonFields fields)
    {
        if (config.HeadCount % config.KeyValueHeadCount != 0)
        {
            fields.Refuse($"\"num_attention_heads\" is {config.HeadCount}, which is not a multiple of num_key_value_heads, {config.KeyValueHeadCount}");
        }

        if ((long)config.HeadCount * config.HeadDim > LargestDimension)
        {
            fields.Refuse($"{config.HeadCount} heads of {config.HeadDim} are more than the {LargestDimension} elements that this server takes");
        }

        if (config.HeadDim == 0 || config.HeadDim % 2 != 0)
        {
            fields.Refuse($"\"head_dim\" is {config.HeadDim}, but RoPE needs an even one above 0");
        }

        if (config.ExpertsPerToken > config.ExpertCount)
        {
            fields.Refuse($"\"num_experts_per_tok\" is {config.ExpertsPerToken}, more than num_experts, {config.ExpertCount}");
        }

        if (config.IntermediateSize == 0 && Enumerable.Range(0, config.LayerCount).Any(layer => !config.IsSparse(layer)))
        {
            fields.Refuse("\"intermediate_size\" is missing, but some layers are dense and need it");
        }
    }
}
