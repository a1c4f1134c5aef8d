using System.CommandLine;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The name of a model of the cluster, as an argument.</summary>
public static class ModelArgument
{
    /// <summary>Makes the argument; empty: the cluster's first model.</summary>
    public static Argument<string> Create() => new("model")
    {
        Description = "The name of a model of the cluster. Without it: the first one.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "",
    };
}
