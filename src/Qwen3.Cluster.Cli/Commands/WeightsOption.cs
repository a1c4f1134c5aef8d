using System.CommandLine;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The option <c>--weights</c>.</summary>
public static class WeightsOption
{
    /// <summary>Makes the option.</summary>
    public static Option<string> Create()
    {
        Option<string> option = new("--weights")
        {
            Description = "How the weights are used: stored (as the checkpoint has them), q8 or q4 (packed into a file at the first use).",
            DefaultValueFactory = _ => "stored",
        };
        return option.AcceptOnlyFromAmong("stored", "q8", "q4");
    }

    /// <summary>What a value of the option means.</summary>
    public static WeightFormat Read(string value) => Enum.Parse<WeightFormat>(value, ignoreCase: true);
}
