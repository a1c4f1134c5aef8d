using System.CommandLine;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The option <c>--backend</c>.</summary>
public static class BackendOption
{
    /// <summary>Makes the option.</summary>
    public static Option<string> Create()
    {
        Option<string> option = new("--backend")
        {
            Description = "What computes: simd (C# intrinsics), reference (plain loops) or torch (libtorch).",
            DefaultValueFactory = _ => "simd",
        };
        return option.AcceptOnlyFromAmong("simd", "reference", "torch");
    }
}
