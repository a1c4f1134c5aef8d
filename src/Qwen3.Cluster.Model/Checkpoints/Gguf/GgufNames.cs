namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>The names that a GGUF file gives to tensors, in those of Hugging Face. The experts of a layer are one tensor there and one each here.</summary>
internal static class GgufNames
{
    private const string Block = "blk.";

    private static readonly Dictionary<string, string> Whole = new(StringComparer.Ordinal)
    {
        ["token_embd.weight"] = TensorCatalog.Embedding,
        ["output_norm.weight"] = TensorCatalog.FinalNorm,
        ["output.weight"] = TensorCatalog.Head,
    };

    private static readonly Dictionary<string, string> OfLayer = new(StringComparer.Ordinal)
    {
        ["attn_norm.weight"] = "input_layernorm.weight",
        ["attn_q.weight"] = "self_attn.q_proj.weight",
        ["attn_k.weight"] = "self_attn.k_proj.weight",
        ["attn_v.weight"] = "self_attn.v_proj.weight",
        ["attn_output.weight"] = "self_attn.o_proj.weight",
        ["attn_q_norm.weight"] = "self_attn.q_norm.weight",
        ["attn_k_norm.weight"] = "self_attn.k_norm.weight",
        ["ffn_norm.weight"] = "post_attention_layernorm.weight",
        ["ffn_gate.weight"] = "mlp.gate_proj.weight",
        ["ffn_up.weight"] = "mlp.up_proj.weight",
        ["ffn_down.weight"] = "mlp.down_proj.weight",
        ["ffn_gate_inp.weight"] = "mlp.gate.weight",
    };

    private static readonly Dictionary<string, string> OfExperts = new(StringComparer.Ordinal)
    {
        ["ffn_gate_exps.weight"] = "gate_proj.weight",
        ["ffn_up_exps.weight"] = "up_proj.weight",
        ["ffn_down_exps.weight"] = "down_proj.weight",
    };

    /// <summary>A tensor under our name, or each expert's part of it under its own. One that has no other name keeps it, and is none of the model's.</summary>
    public static IEnumerable<TensorInfo> Translate(TensorInfo tensor)
    {
        if (Whole.TryGetValue(tensor.Name, out string? name))
        {
            return [tensor with { Name = name }];
        }

        int dot = tensor.Name.IndexOf('.', Math.Min(Block.Length, tensor.Name.Length));
        if (!tensor.Name.StartsWith(Block, StringComparison.Ordinal) || dot < 0)
        {
            return [tensor];
        }

        string prefix = $"model.layers.{tensor.Name[Block.Length..dot]}.", rest = tensor.Name[(dot + 1)..];
        if (OfLayer.TryGetValue(rest, out name))
        {
            return [tensor with { Name = prefix + name }];
        }

        return OfExperts.TryGetValue(rest, out name) && tensor.Shape.Count == 3 ? Experts(tensor, $"{prefix}mlp.experts.", name) : [tensor];
    }

    private static IEnumerable<TensorInfo> Experts(TensorInfo tensor, string prefix, string name)
    {
        int count = tensor.Shape[0];
        long bytes = tensor.ByteCount / count;
        int[] shape = [.. tensor.Shape.Skip(1)];
        for (int expert = 0; expert < count; expert++)
        {
            yield return new TensorInfo($"{prefix}{expert}.{name}", tensor.Type, shape, tensor.File, tensor.Offset + (expert * bytes), bytes);
        }
    }
}
