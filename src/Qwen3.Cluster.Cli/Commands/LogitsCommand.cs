using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using System.Text.Json;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Torch;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 logits</c>: what a model gives for some tokens, for whoever compares engines. No cluster, no tokenizer.</summary>
public static class LogitsCommand
{
    private const int PageSize = 16;

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string> directory = new("directory") { Description = "A checkpoint's directory or GGUF file." };
        Option<int[]> ids = new("--ids")
        {
            Description = "Token ids with commas between them: 1,17,200.",
            Required = true,
            CustomParser = ParseIds,
        };
        Option<string> backend = BackendOption.Create();
        Option<string> weights = WeightsOption.Create();
        Command command = new("logits", "Print the logits after each of the tokens: {\"logits\": [[…], …]}, one row a position.")
        {
            directory, ids, backend, weights,
        };
        command.SetAction(parsed =>
        {
            using Checkpoint checkpoint = Checkpoint.Open(
                parsed.GetValue(directory)!, WeightsOption.Read(parsed.GetValue(weights)!), news => terminal.Error.WriteLine(news));
            int[] tokens = parsed.GetValue(ids)!;
            Check(tokens, checkpoint.Config);
            float[] logits = Compute(checkpoint, tokens, parsed.GetValue(backend)!);
            Write(terminal.OutText, logits, checkpoint.Config.VocabularySize);
        });
        return command;
    }

    private static float[] Compute(Checkpoint checkpoint, int[] tokens, string backendName)
    {
        using IBackend backend = CreateBackend(backendName);
        using LocalExpertPool experts = new(backend, checkpoint, ExpertLayout.For(checkpoint.Config));
        int[] pages = [.. Enumerable.Range(0, (tokens.Length + PageSize - 1) / PageSize)];
        using Qwen3Model model = Qwen3Model.Load(checkpoint, backend, experts, new CacheOptions(PageSize, pages.Length));
        StepBatch batch = new();
        batch.Add(tokens, firstPosition: 0, pages, model.ExpertsPerToken, LogitRows.All);
        float[] logits = new float[(long)tokens.Length * model.VocabularySize];
        model.Forward(batch, logits);
        return logits;
    }

    // libtorch is loaded for its own back-end alone.
    private static IBackend CreateBackend(string name) => name switch
    {
        "torch" => new TorchBackend(),
        "reference" => new ReferenceBackend(),
        _ => new SimdBackend(Environment.ProcessorCount),
    };

    private static void Check(int[] tokens, ModelConfig config)
    {
        int outside = Array.FindIndex(tokens, id => id < 0 || id >= config.VocabularySize);
        if (outside >= 0)
        {
            throw new UsageException($"--ids has {tokens[outside]}, but the model's ids are 0 to {config.VocabularySize - 1}.");
        }

        if (tokens.Length > config.MaxPositions)
        {
            throw new UsageException($"--ids has {tokens.Length} tokens, but the model has {config.MaxPositions} positions.");
        }
    }

    /// <summary>Writes row by row: the text of all of them is many times as long as they are.</summary>
    private static void Write(TextWriter output, float[] logits, int columns)
    {
        ArrayBufferWriter<byte> row = new();
        using Utf8JsonWriter writer = new(row);
        output.Write("{\"logits\":[");
        for (int start = 0; start < logits.Length; start += columns)
        {
            row.ResetWrittenCount();
            writer.Reset();
            Write(writer, logits.AsSpan(start, columns));
            writer.Flush();
            output.Write(start > 0 ? "," : "");
            output.Write(Encoding.UTF8.GetString(row.WrittenSpan));
        }

        output.WriteLine("]}");
    }

    // The shortest digits that read back as the same float32. JSON has no word for what is not finite: null.
    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<float> row)
    {
        writer.WriteStartArray();
        foreach (float value in row)
        {
            if (float.IsFinite(value))
            {
                writer.WriteNumberValue(value);
            }
            else
            {
                writer.WriteNullValue();
            }
        }

        writer.WriteEndArray();
    }

    private static int[]? ParseIds(ArgumentResult result)
    {
        List<int> ids = [];
        foreach (string part in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (!int.TryParse(part, out int id))
            {
                result.AddError($"--ids takes numbers with commas between them, but '{part}' is none.");
                return null;
            }

            ids.Add(id);
        }

        return [.. ids];
    }
}
