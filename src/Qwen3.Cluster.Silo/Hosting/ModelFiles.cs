using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>What the grains of one silo share of a model: its files, opened once. Weights are read when a router or a shard asks for them.</summary>
/// <param name="Options">Its settings.</param>
/// <param name="Checkpoint">Its weights and configuration.</param>
/// <param name="Tokenizer">Text to tokens and back.</param>
/// <param name="Template">Conversations to prompts.</param>
/// <param name="Layout">Which experts it has.</param>
public sealed record ModelFiles(
    ModelOptions Options,
    Checkpoint Checkpoint,
    Qwen3Tokenizer Tokenizer,
    ChatTemplate Template,
    ExpertLayout Layout)
{
    /// <summary>As requests name it.</summary>
    public string Name => Options.Name;

    /// <summary>Opens a model's directory.</summary>
    /// <exception cref="CheckpointException">Something is missing, damaged or not supported.</exception>
    public static ModelFiles Open(ModelOptions options)
    {
        Checkpoint checkpoint = Checkpoint.Open(options.Directory);
        try
        {
            ExpertLayout layout = ExpertLayout.For(checkpoint.Config, options.DenseSlices);
            if (options.ExpertShards > layout.ExpertCount)
            {
                throw new CheckpointException(
                    $"{options.Directory}: its {layout.ExpertCount} experts cannot be spread over {options.ExpertShards} shards; set ExpertShards to {layout.ExpertCount} or less.");
            }

            return new ModelFiles(
                options, checkpoint, Qwen3Tokenizer.Load(options.Directory), ChatTemplate.Load(options.Directory), layout);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }
}
