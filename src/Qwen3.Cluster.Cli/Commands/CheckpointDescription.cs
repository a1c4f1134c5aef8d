using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Checkpoints;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>A <see cref="CheckpointReport"/> for people: a name on the left, what it is on the right.</summary>
public static class CheckpointDescription
{
    /// <summary>Writes the report to the standard output.</summary>
    public static void Write(CheckpointReport report, CommandTerminal terminal)
    {
        (string Name, string Text)[] lines = [.. Lines(report)];
        int width = lines.Max(line => line.Name.Length) + 3;
        foreach ((string name, string text) in lines)
        {
            terminal.Out.Write(name.PadRight(width), new Style(decoration: Decoration.Dim)).WriteLine(text);
        }
    }

    private static IEnumerable<(string Name, string Text)> Lines(CheckpointReport report)
    {
        yield return ("checkpoint", report.Directory);
        IEnumerable<(string, string)> parts =
        [
            .. report.Config is { } config ? Geometry(config) : [],
            .. report.Parameters is { } parameters ? Parameters(parameters) : [],
            .. Weights(report),
            .. Language(report.Tokenizer),
            .. Sampling(report.Generation),
        ];
        foreach ((string, string) line in parts)
        {
            yield return line;
        }

        yield return ("verdict", report switch
        {
            { Converses: true } => "can be served",
            { Opens: true } => "logits can be computed; a conversation would be refused",
            _ => "would be refused",
        });
        foreach (string problem in report.Problems.Concat(report.Tokenizer.Problems))
        {
            yield return ("", problem);
        }
    }

    private static IEnumerable<(string, string)> Geometry(ModelConfig config)
    {
        int sparseLayers = Enumerable.Range(0, config.LayerCount).Count(config.IsSparse);
        int denseLayers = config.LayerCount - sparseLayers;
        yield return ("architecture", config.Architecture);
        yield return ("trunk", $"{Plural(config.LayerCount, "layer")}, hidden size {config.HiddenSize:N0}, "
            + $"{config.HeadCount} query and {config.KeyValueHeadCount} key-value heads of {config.HeadDim}");
        if (sparseLayers > 0)
        {
            yield return ("experts", $"{config.ExpertCount} of width {config.MoeIntermediateSize:N0} in {Plural(sparseLayers, "layer")}, "
                + $"{config.ExpertsPerToken} for each token, weights {(config.NormalizeTopK ? "" : "not ")}normalised");
        }

        if (denseLayers > 0)
        {
            yield return ("dense", $"a feed-forward block of width {config.IntermediateSize:N0} in {Plural(denseLayers, "layer")}");
        }

        string yarn = config.RopeScaling is { } scaling ? $", YaRN ×{scaling.Factor:G} of {scaling.OriginalMaxPositions:N0}" : "";
        yield return ("context", $"{config.MaxPositions:N0} positions, RoPE base {config.RopeTheta:N0}{yarn}");
        yield return ("vocabulary", $"{config.VocabularySize:N0} rows, the head is {(config.TieWordEmbeddings ? "the embedding" : "a matrix of its own")}");
    }

    private static IEnumerable<(string, string)> Parameters(ParameterReport parameters)
    {
        string experts = parameters.PerExpert > 0 ? $": trunk {parameters.Trunk:N0}, each expert {parameters.PerExpert:N0}" : "";
        yield return ("parameters", $"{parameters.Total:N0} in all{experts}");
        foreach (ActiveParameters active in parameters.Active.Where(active => active.ExpertsPerToken > 0))
        {
            yield return ($"  active, k = {active.ExpertsPerToken}", $"{active.Parameters:N0}");
        }
    }

    private static IEnumerable<(string, string)> Weights(CheckpointReport report)
    {
        foreach (TensorTypeReport type in report.Types)
        {
            yield return (type.Type, $"{Plural(type.TensorCount, "tensor")}, {ByteUnits.Of(type.Bytes)}");
        }

        foreach (WeightFileReport file in report.Files)
        {
            string bytes = file.Bytes is { } length ? ByteUnits.Of(length) : "missing";
            yield return (file.Name, file.TensorCount is { } count ? $"{Plural(count, "tensor")}, {bytes}" : $"{bytes}, refused");
        }
    }

    private static IEnumerable<(string, string)> Language(TokenizerReport tokenizer)
    {
        if (tokenizer.VocabularySize is { } ids)
        {
            string padding = tokenizer.PaddingRows is > 0 and { } rows ? $"; the head has {Plural(rows, "row")} of padding" : "";
            yield return ("tokenizer", $"{ids:N0} ids{padding}");
        }

        if (tokenizer.ChatTemplate is { } template)
        {
            string origin = tokenizer.HasChatTemplate ? "" : ", in place of one that the checkpoint does not have";
            yield return ("chat template", $"{template}{origin}; thinking: {tokenizer.Thinking}");
        }
    }

    private static IEnumerable<(string, string)> Sampling(GenerationConfig generation)
    {
        string[] values =
        [
            .. Value("temperature", generation.Temperature),
            .. Value("top-p", generation.TopP),
            .. Value("top-k", generation.TopK),
            .. Value("min-p", generation.MinP),
            .. Value("repetition penalty", generation.RepetitionPenalty),
        ];
        if (values.Length > 0)
        {
            yield return ("sampling", string.Join(", ", values));
        }
    }

    private static IEnumerable<string> Value<T>(string name, T? value)
        where T : struct => value is { } number ? [$"{name} {number}"] : [];

    private static string Plural(int count, string unit) => count == 1 ? $"1 {unit}" : $"{count:N0} {unit}s";
}
