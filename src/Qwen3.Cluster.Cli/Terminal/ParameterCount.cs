using System.Globalization;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>Numbers of parameters as papers have them, in powers of 1000: <c>9.77B</c>, <c>800M</c>, <c>62.5K</c>.</summary>
public static class ParameterCount
{
    private static readonly (char Letter, decimal Factor)[] Units = [('T', 1e12m), ('B', 1e9m), ('M', 1e6m), ('K', 1e3m)];

    /// <summary>A number in three digits or so, and all digits below a thousand.</summary>
    public static string Of(ulong parameters)
    {
        (char letter, decimal factor) = Units.FirstOrDefault(unit => parameters >= unit.Factor);
        if (factor == 0)
        {
            return parameters.ToString(CultureInfo.InvariantCulture);
        }

        decimal value = parameters / factor;
        return $"{value.ToString(value < 100 ? "0.##" : "0.#", CultureInfo.InvariantCulture)}{letter}";
    }

    /// <summary>Reads a number, with or without a fraction and a unit.</summary>
    /// <returns>False where it is none, or not a whole number from 0 to 2⁶⁴ − 1.</returns>
    public static bool TryParse(string text, out ulong parameters)
    {
        parameters = 0;
        decimal factor = text.Length == 0 ? 0 : Units.FirstOrDefault(unit => unit.Letter == char.ToUpperInvariant(text[^1])).Factor;
        string digits = factor > 0 ? text[..^1] : text;
        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out decimal number)
            || number > ulong.MaxValue / Math.Max(factor, 1))
        {
            return false;
        }

        decimal whole = number * Math.Max(factor, 1);
        parameters = (ulong)whole;
        return whole == parameters;
    }
}
