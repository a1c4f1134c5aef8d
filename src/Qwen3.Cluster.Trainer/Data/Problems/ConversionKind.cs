using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Units converted to smaller ones. Easy: by a power of ten. Hard: times of two units, such as 17 hours and 35 minutes in minutes.</summary>
internal sealed class ConversionKind : IProblemKind
{
    private static readonly Wording OfOne = new(
        ["Convert {n} {f} to {t}.", "How many {t} are {n} {f}?", "{n} {f} in {t}?", "What is {n} {f} in {t}?"],
        ["{n}{f}等于多少{t}？", "{n}{f}是多少{t}？"],
        ["Rechne {n} {f} in {t} um.", "Wie viele {t} sind {n} {f}?"],
        ["Convierte {n} {f} a {t}.", "¿Cuánto son {n} {f} en {t}?"]);

    private static readonly Wording OfTwo = new(
        ["Convert {n} {f} and {m} {t} to {t}.", "How many {t} are {n} {f} and {m} {t}?", "{n} {f} {m} {t} in {t}?"],
        ["{n}{f}{m}{t}等于多少{t}？", "{n}{f}{m}{t}是多少{t}？"],
        ["Rechne {n} {f} und {m} {t} in {t} um.", "Wie viele {t} sind {n} {f} und {m} {t}?"],
        ["Convierte {n} {f} y {m} {t} a {t}.", "¿Cuánto son {n} {f} y {m} {t} en {t}?"]);

    /// <inheritdoc/>
    public string Name => "conversion";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        if (difficulty == Difficulty.Easy)
        {
            int number = NumberDraw.Between(random, 2, random.Happens(0.5) ? 99 : 999);
            UnitPair units = random.Pick(UnitPair.Decimal);
            return Make(units, number, rest: null);
        }

        UnitPair pair = random.Pick(UnitPair.Others);
        return Make(pair, NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 1, (int)pair.Factor - 1));
    }

    private Problem Make(UnitPair units, long number, long? rest)
    {
        Thought thought = new();
        long result = number * units.Factor;
        if (rest is { } more)
        {
            thought.Add($"{number}*{units.Factor}+{more}.");
            ColumnSum.Write(thought, DigitProduct.Write(thought, number, units.Factor), more);
            result += more;
        }
        else
        {
            thought.Add($"{number}*{units.Factor}={result}.");
        }

        thought.Conclude($"{result}");
        string key = $"{Name} {number} {units.Large[0]} {rest ?? 0} {units.Small[0]}";
        return new Problem(key, thought, $"{result}", (language, random) => (rest is null ? OfOne : OfTwo).Ask(
            language,
            random,
            ("{n}", $"{number}"),
            ("{m}", $"{rest}"),
            ("{f}", units.Large[(int)language]),
            ("{t}", units.Small[(int)language])));
    }
}
