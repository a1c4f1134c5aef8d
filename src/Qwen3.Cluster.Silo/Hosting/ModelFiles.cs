using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>What the grains of one silo share of a model: its files, opened once. Weights are read when a router or a shard asks for them.</summary>
/// <param name="Options">Its settings.</param>
/// <param name="Checkpoint">Its weights and configuration.</param>
/// <param name="Tokenizer">Text to tokens and back.</param>
/// <param name="Template">Conversations to prompts.</param>
/// <param name="Layout">Which experts it has.</param>
/// <param name="Auto">When the mode AUTO keeps its direct answer.</param>
/// <param name="DraftCheckpoint">Weights and configuration of the model that guesses next tokens; null: none.</param>
public sealed record ModelFiles(
    ModelOptions Options,
    Checkpoint Checkpoint,
    Qwen3Tokenizer Tokenizer,
    ChatTemplate Template,
    ExpertLayout Layout,
    AutoCalibration Auto,
    Checkpoint? DraftCheckpoint)
{
    // Characters; at the tokenizer's speed, a few milliseconds.
    private const int LongText = 10_000;

    // Long texts of all models of this process: they share the thread pool with every grain, which must not wait for them.
    private static readonly SemaphoreSlim LongTexts = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>As requests name it.</summary>
    public string Name => Options.Name;

    /// <summary>What a limit on activated parameters can choose from, least first; one for a dense model.</summary>
    public IReadOnlyList<Activation> Activations { get; } = [.. ActivationsOf(Checkpoint.Config)];

    /// <summary>Equal on nodes whose files and settings give the same bits; see <see cref="ModelFingerprint"/>.</summary>
    public ulong Fingerprint { get; } = ModelFingerprint.Of(Checkpoint, Options);

    /// <summary>Pages of a router's cache.</summary>
    public int PageCount => (Options.CacheTokens + Options.PageSize - 1) / Options.PageSize;

    /// <summary>Positions that a sequence can have here, prompt and reply together: the model's, or fewer if the cache is smaller.</summary>
    public int ContextLength => (int)Math.Min(Checkpoint.Config.MaxPositions, (long)PageCount * Options.PageSize);

    /// <summary>
    /// The tokens of a text. A long one is read on the thread pool, so that a grain's turn stays short, and by half of the cores at
    /// most; further ones wait in line.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecialTokens">Whether special tokens written in it are read as such.</param>
    /// <param name="cancellationToken">Ends the waiting and the reading.</param>
    public async Task<int[]> Encode(string text, bool parseSpecialTokens, CancellationToken cancellationToken = default)
    {
        if (text.Length <= LongText)
        {
            return Tokenizer.Encode(text, parseSpecialTokens, cancellationToken);
        }

        await LongTexts.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Tokenizer.Encode(text, parseSpecialTokens, cancellationToken), cancellationToken);
        }
        finally
        {
            LongTexts.Release();
        }
    }

    /// <summary>Opens a model's directory or file.</summary>
    /// <param name="options">Which, and in what form its weights are used.</param>
    /// <param name="tell">Is told, in sentences, what becomes of packed weights.</param>
    /// <exception cref="CheckpointException">Something is missing, damaged or not supported.</exception>
    public static ModelFiles Open(ModelOptions options, Action<string> tell)
    {
        Checkpoint checkpoint = Checkpoint.Open(options.Directory, options.Weights, tell);
        try
        {
            ExpertLayout layout = ExpertLayout.For(checkpoint.Config, options.DenseSlices);
            if (options.ExpertShards > layout.ExpertCount)
            {
                throw new CheckpointException(
                    $"{options.Directory}: its {layout.ExpertCount} experts cannot be spread over {options.ExpertShards} shards; set ExpertShards to {layout.ExpertCount} or less.");
            }

            Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(options.Directory);
            return new ModelFiles(
                options,
                checkpoint,
                tokenizer,
                ChatTemplate.Load(options.Directory),
                layout,
                CalibrationOf(options),
                options.DraftModel.Length > 0 ? OpenDraftModel(options, tokenizer) : null);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private static Checkpoint OpenDraftModel(ModelOptions options, Qwen3Tokenizer tokenizer)
    {
        Qwen3Tokenizer own = Qwen3Tokenizer.Load(options.DraftModel);
        int? other = Enumerable.Range(0, Math.Max(tokenizer.VocabularySize, own.VocabularySize))
            .Cast<int?>()
            .FirstOrDefault(id => id >= tokenizer.VocabularySize || id >= own.VocabularySize || !tokenizer.TokenBytes(id!.Value).SequenceEqual(own.TokenBytes(id.Value)));
        return other is null
            ? Checkpoint.Open(options.DraftModel)
            : throw new CheckpointException(
                $"{options.DraftModel}: it cannot draft for {options.Directory}, whose token {other} is another; take a draft model with the same tokenizer, or none.");
    }

    private static AutoCalibration CalibrationOf(ModelOptions options)
    {
        AutoCalibration found = AutoCalibration.Load(options.Directory) ?? new AutoCalibration();
        return new AutoCalibration
        {
            Threshold = options.Auto.Threshold ?? found.Threshold,
            ProbeTokens = options.Auto.ProbeTokens ?? found.ProbeTokens,
        };
    }

    private static IEnumerable<Activation> ActivationsOf(ModelConfig config) => config.ExpertCount == 0
        ? [new Activation { ActiveParameters = config.Parameters.Total }]
        : Enumerable.Range(1, config.ExpertsPerToken).Select(k => new Activation { ExpertsPerToken = k, ActiveParameters = config.Parameters.Active(k) });
}
