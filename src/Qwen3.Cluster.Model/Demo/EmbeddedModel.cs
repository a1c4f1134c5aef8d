using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Demo;

/// <summary>
/// The model that comes with the program, for a first try without a download: a Qwen3-MoE of 6.7 million parameters (128 experts, 8 a token)
/// that solves small problems of ten kinds (sums, products, sorting, word problems and others) in four languages: the easy ones directly, the hard
/// ones by thinking. Qwen3.Cluster.Trainer made it.
/// </summary>
public static class EmbeddedModel
{
    /// <summary>What it is called where models have names.</summary>
    public const string Name = "qwen3-arithmetic";

    /// <summary>Its directory, an ordinary checkpoint in Hugging Face's layout, beside the program.</summary>
    /// <exception cref="CheckpointException">It is not there.</exception>
    public static string Directory
    {
        get
        {
            string directory = Path.Combine(AppContext.BaseDirectory, "Demo", Name);
            return File.Exists(Path.Combine(directory, "config.json"))
                ? directory
                : throw new CheckpointException($"{directory} does not hold the embedded model; build the program again, or name another model's directory.");
        }
    }
}
