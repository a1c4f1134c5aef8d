using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Qwen3.Cluster.Cli.Terminal;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>Options whose value is a number, with a sentence for whoever gives another; the parser's own names a type of .NET.</summary>
public static class NumberOption
{
    /// <summary>A whole number, which may be left out; what type it is of says its range.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    public static Option<T?> Whole<T>(string name, string description)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        new(name) { Description = description, CustomParser = result => Parse(result, name, T.MinValue) };

    /// <summary>A whole number with a value where none is given.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    /// <param name="least">The least that is taken.</param>
    /// <param name="otherwise">The value where none is given.</param>
    public static Option<int> Whole(string name, string description, int least, int otherwise) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result => Parse(result, name, least) ?? otherwise,
    };

    /// <summary>A number with or without a fraction, which may be left out.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    public static Option<float?> Fraction(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => float.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out float value)
            ? value
            : Refuse<float>(result, $"{name} is {result.Tokens[0].Value}: it must be a number."),
    };

    /// <summary>A number of parameters, which may be left out.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    public static Option<ulong?> Parameters(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => ParameterCount.TryParse(result.Tokens[0].Value, out ulong value)
            ? value
            : Refuse<ulong>(result, $"{name} is {result.Tokens[0].Value}: it must be a number such as 9.77B, 800M or 63000."),
    };

    /// <summary>A time in seconds, which may be left out.</summary>
    /// <param name="name">As it is written, with its dashes.</param>
    /// <param name="description">What it is.</param>
    public static Option<double?> Seconds(string name, string description) => new(name)
    {
        Description = description,
        // What no clock of gRPC can hold is refused here; the range is the server's.
        CustomParser = result => double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double value) && Math.Abs(value) < 1e9
            ? value
            : Refuse<double>(result, $"{name} is {result.Tokens[0].Value}: it must be a number of seconds."),
    };

    private static T? Parse<T>(ArgumentResult result, string name, T least)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        T.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out T value) && value >= least
            ? value
            : Refuse<T>(result, $"{name} is {result.Tokens[0].Value}: it must be a whole number from {least} to {T.MaxValue}.");

    private static T? Refuse<T>(ArgumentResult result, string message)
        where T : struct
    {
        result.AddError(message);
        return null;
    }
}
