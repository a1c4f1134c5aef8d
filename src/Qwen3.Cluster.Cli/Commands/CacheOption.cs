using System.CommandLine;
using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The option <c>--cache</c>.</summary>
public static class CacheOption
{
    /// <summary>Makes the option.</summary>
    public static Option<string> Create()
    {
        Option<string> option = new("--cache")
        {
            Description = "How keys and values are kept: bf16, q8 (half of the memory) or f32 (twice of it, nothing rounded).",
            DefaultValueFactory = _ => "bf16",
        };
        return option.AcceptOnlyFromAmong("bf16", "q8", "f32");
    }

    /// <summary>What a value of the option means.</summary>
    public static CacheFormat Read(string value) => Enum.Parse<CacheFormat>(value, ignoreCase: true);
}
