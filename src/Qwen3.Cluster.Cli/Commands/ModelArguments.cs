using System.CommandLine;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The options that say how this process serves a model.</summary>
public sealed class ModelArguments
{
    private readonly Option<int> _shards = NumberOption.Whole(
        "--shards", "Grains that the experts are spread over, each with a thread of its own.", least: 1, otherwise: 4);

    private readonly Option<int> _threads = NumberOption.Whole(
        "--threads", "Threads of the trunk's arithmetic; 0: one for each core.", least: 0, otherwise: 0);

    private readonly Option<string> _backend = BackendOption.Create();

    private readonly Option<string> _weights = WeightsOption.Create();

    private readonly Option<string> _cache = CacheOption.Create();

    private readonly Option<string?> _draftModel = new("--draft-model")
    {
        Description = "A small model with the same tokenizer that guesses next tokens, a directory or a GGUF file: the same replies, faster where it guesses right.",
    };

    /// <summary>Makes the options part of a command.</summary>
    public ModelArguments(Command command)
    {
        command.Add(_shards);
        command.Add(_threads);
        command.Add(_backend);
        command.Add(_weights);
        command.Add(_cache);
        command.Add(_draftModel);
    }

    /// <summary>The first of the options that was given; null if none.</summary>
    public string? FirstGiven(ParseResult parsed) =>
        new Option[] { _shards, _threads, _backend, _weights, _cache, _draftModel }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>A model as the silo takes it.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">A directory, a GGUF file, or the embedded model's name; null: the embedded model.</param>
    /// <exception cref="UsageException">There is no such model.</exception>
    public ModelOptions Read(ParseResult parsed, string? model)
    {
        bool isEmbedded = model is null or EmbeddedModel.Name;
        if (!isEmbedded && !Path.Exists(model))
        {
            throw new UsageException(
                $"there is no directory or file {model}: --model takes a checkpoint's directory, a GGUF file, or {EmbeddedModel.Name}, the model that comes along.");
        }

        string? draftModel = parsed.GetValue(_draftModel);
        if (draftModel is not null && !Path.Exists(draftModel))
        {
            throw new UsageException($"there is no directory or file {draftModel}: --draft-model takes a checkpoint's directory or a GGUF file.");
        }

        string directory = Path.GetFullPath(isEmbedded ? EmbeddedModel.Directory : model!);
        return new ModelOptions
        {
            Name = isEmbedded ? EmbeddedModel.Name : Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)),
            Directory = directory,
            ExpertShards = parsed.GetValue(_shards),
            Threads = parsed.GetValue(_threads),
            Backend = parsed.GetValue(_backend)!,
            DraftModel = draftModel is null ? "" : Path.GetFullPath(draftModel),
            Weights = WeightsOption.Read(parsed.GetValue(_weights)!),
            Cache = CacheOption.Read(parsed.GetValue(_cache)!),
        };
    }
}
