using System.Text.Json;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// The publisher's recommended sampling: <c>generation_config.json</c>. What the file does not say is null or empty. The ranges are
/// those of a request: a request that says nothing takes these values, and must not be refused for them.
/// </summary>
public sealed record GenerationConfig
{
    /// <summary>false: always the likeliest token.</summary>
    public bool? DoSample { get; init; }

    /// <summary>0 to 2; 0 means the likeliest token.</summary>
    public double? Temperature { get; init; }

    /// <summary>Above 0 as a float32, at most 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Number of candidates; 0 for all.</summary>
    public int? TopK { get; init; }

    /// <summary>0 to 1, a share of the likeliest token's probability.</summary>
    public double? MinP { get; init; }

    /// <summary>0.01 to 10; 1 changes nothing.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>Ids that end a reply; empty when the file names none.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    public int? BosTokenId { get; init; }

    public int? PadTokenId { get; init; }

    /// <summary>Reads the file; one that does not exist gives a config that says nothing. Throws <see cref="CheckpointException"/> with the first problem.</summary>
    public static GenerationConfig Load(string path)
    {
        List<string> problems = [];
        GenerationConfig config = Load(path, problems);
        return problems.Count == 0 ? config : throw new CheckpointException(problems[0]);
    }

    internal static GenerationConfig Load(string path, List<string> problems)
    {
        if (!Path.Exists(path))
        {
            return new GenerationConfig();
        }

        using JsonDocument document = JsonFile.Read(path);
        JsonFields fields = new(document.RootElement, path, problems);
        return new GenerationConfig
        {
            DoSample = fields.OptionalBool("do_sample"),
            Temperature = fields.OptionalNumber("temperature", 0, 2, orEqual: true),
            TopP = fields.OptionalNumber("top_p", float.Epsilon, 1, orEqual: true),
            TopK = fields.OptionalInt("top_k", 0, int.MaxValue),
            MinP = fields.OptionalNumber("min_p", 0, 1, orEqual: true),
            RepetitionPenalty = fields.OptionalNumber("repetition_penalty", 0.01, 10, orEqual: true),
            EosTokenIds = fields.Ints("eos_token_id", 0, int.MaxValue),
            BosTokenId = fields.OptionalInt("bos_token_id", 0, int.MaxValue),
            PadTokenId = fields.OptionalInt("pad_token_id", 0, int.MaxValue),
        };
    }
}
