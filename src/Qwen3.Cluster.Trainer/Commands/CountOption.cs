using System.CommandLine;
using System.Numerics;

namespace Qwen3.Cluster.Trainer.Commands;

/// <summary>Options whose value is a number of things, one or more.</summary>
internal static class CountOption
{
    /// <summary>Makes one.</summary>
    /// <param name="name">With its dashes.</param>
    /// <param name="description">For the help.</param>
    /// <param name="defaultValue">Without the option.</param>
    public static Option<T> Create<T>(string name, string description, T defaultValue)
        where T : INumber<T>
    {
        Option<T> option = new(name) { Description = description, DefaultValueFactory = _ => defaultValue };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is { } value && value < T.One)
            {
                result.AddError($"{name} is {value}, but has to be 1 or more.");
            }
        });
        return option;
    }

    /// <summary><c>--threads</c>: one for each core unless said otherwise.</summary>
    public static Option<int> Threads() => Create("--threads", "Threads of the arithmetic.", Environment.ProcessorCount);
}
