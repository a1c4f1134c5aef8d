using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>Options whose value is a list with commas.</summary>
public static class ListOption
{
    private const string None = "none";

    /// <summary>Numbers, and <c>none</c> for no limit; an empty list if the option is left out.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    public static Option<IReadOnlyList<T?>> Limits<T>(string name, string description)
        where T : struct, INumber<T> =>
        Create<T?>(name, description, "a number, or none", [], text => text switch
        {
            None => (true, null),
            _ when T.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out T value) => (true, value),
            _ => (false, null),
        });

    /// <summary>Whole numbers of a range.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    /// <param name="least">The least that is taken.</param>
    /// <param name="most">The most that is taken.</param>
    /// <param name="otherwise">The numbers if the option is left out.</param>
    public static Option<IReadOnlyList<int>> Whole(string name, string description, int least, int most, IReadOnlyList<int> otherwise) =>
        Create(name, description, $"a whole number from {least} to {most}", otherwise, text =>
            (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most, value));

    /// <summary>Modes; fast and deep if the option is left out.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    public static Option<IReadOnlyList<Mode>> Modes(string name, string description) =>
        Create<Mode>(name, description, "fast, deep or auto", [Mode.Fast, Mode.Deep], text => text switch
        {
            "fast" => (true, Mode.Fast),
            "deep" => (true, Mode.Deep),
            "auto" => (true, Mode.Auto),
            _ => (false, default),
        });

    private static Option<IReadOnlyList<T>> Create<T>(
        string name, string description, string what, IReadOnlyList<T> otherwise, Func<string, (bool IsRight, T Value)> parse) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            string[] texts = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries);
            if (texts.FirstOrDefault(text => !parse(text).IsRight) is { } wrong)
            {
                result.AddError($"{name} has {(wrong.Length > 0 ? wrong : "an empty place")}: each of its list must be {what}.");
                return otherwise;
            }

            return [.. texts.Select(text => parse(text).Value)];
        },
    };
}
