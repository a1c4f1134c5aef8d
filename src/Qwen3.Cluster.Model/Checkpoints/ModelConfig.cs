using System.Text;
using System.Text.Json;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>The geometry of a Qwen3 model: <c>config.json</c>, checked. Unknown fields are ignored, as Hugging Face's loader does.</summary>
public sealed record ModelConfig
{
    /// <summary><c>Qwen3ForCausalLM</c> or <c>Qwen3MoeForCausalLM</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary><c>qwen3</c> or <c>qwen3_moe</c>.</summary>
    public required string ModelType { get; init; }

    public required int HiddenSize { get; init; }

    /// <summary>Width of the dense feed-forward layers; 0 when the model has none and the config names none.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Width of one expert; 0 for a dense model.</summary>
    public required int MoeIntermediateSize { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>Query heads; a multiple of <see cref="KeyValueHeadCount"/>.</summary>
    public required int HeadCount { get; init; }

    public required int KeyValueHeadCount { get; init; }

    /// <summary>Elements of one head; even. Not in general <see cref="HiddenSize"/> / <see cref="HeadCount"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding and of the head. The last ones are padding: the tokenizer knows fewer ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The context length, in tokens.</summary>
    public required int MaxPositions { get; init; }

    public required double RmsNormEpsilon { get; init; }

    public required double RopeTheta { get; init; }

    /// <summary>null: plain RoPE.</summary>
    public required YarnScaling? RopeScaling { get; init; }

    /// <summary>Whether the head is the embedding. Then a stored <c>lm_head.weight</c> is ignored.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Experts of each sparse layer; 0 for a dense model.</summary>
    public required int ExpertCount { get; init; }

    /// <summary>Experts that the gate chooses for each token, 1 to <see cref="ExpertCount"/>; 0 for a dense model.</summary>
    public required int ExpertsPerToken { get; init; }

    /// <summary>Whether the chosen experts' weights are divided by their sum.</summary>
    public required bool NormalizeTopK { get; init; }

    /// <summary>Layer l is sparse only if l + 1 is a multiple of it.</summary>
    public required int DecoderSparseStep { get; init; }

    /// <summary>Layers that are dense in a sparse model.</summary>
    public required IReadOnlyList<int> DenseLayers { get; init; }

    /// <summary>The part of an FP8 matrix that shares a scale; null when the model has no FP8 weights.</summary>
    public required BlockSize? Fp8BlockSize { get; init; }

    public required int? BosTokenId { get; init; }

    /// <summary>Ids that end a text; may be empty. generation_config.json, where it exists, has the better list.</summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    public ParameterCounts Parameters => ParameterCounts.Of(this);

    /// <summary>Whether the layer's feed-forward block is a mixture of experts.</summary>
    public bool IsSparse(int layer) => ExpertCount > 0 && (layer + 1) % DecoderSparseStep == 0 && !DenseLayers.Contains(layer);

    /// <summary>Reads the file. Throws <see cref="CheckpointException"/> with the first problem.</summary>
    public static ModelConfig Load(string path)
    {
        using JsonDocument document = JsonFile.Read(path);
        return ReadOrThrow(document, path);
    }

    /// <summary>Reads the text of a config.json. Throws <see cref="CheckpointException"/> with the first problem.</summary>
    /// <param name="json">The text.</param>
    /// <param name="fileName">For messages.</param>
    public static ModelConfig Parse(string json, string fileName = "config.json")
    {
        using JsonDocument document = JsonFile.Parse(Encoding.UTF8.GetBytes(json), fileName);
        return ReadOrThrow(document, fileName);
    }

    private static ModelConfig ReadOrThrow(JsonDocument document, string name)
    {
        List<string> problems = [];
        ModelConfig? config = ModelConfigReader.Read(document.RootElement, name, problems);
        return config ?? throw new CheckpointException(problems[0]);
    }
}
