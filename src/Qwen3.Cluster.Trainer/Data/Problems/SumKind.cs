using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Sums. Easy: two numbers of up to three digits. Hard: four to six numbers of two or three digits, and now and then two of four to six.</summary>
internal sealed class SumKind : IProblemKind
{
    private static readonly Wording OfTwo = new(
        ["What is {e}?", "What is {e}?", "How much is {e}?", "{e}", "{e} = ?", "Calculate {e}.", "What is {a} plus {b}?", "Add {a} and {b}.", "What's {e}?"],
        ["{e}等于多少？", "{e}是多少？", "计算{e}。", "{a}加{b}等于多少？", "{e}=？"],
        ["Was ist {e}?", "Wie viel ist {e}?", "Berechne {e}.", "Wie viel ist {a} plus {b}?", "Addiere {a} und {b}."],
        ["¿Cuánto es {e}?", "Calcula {e}.", "¿Cuánto es {a} más {b}?", "Suma {a} y {b}."]);

    private static readonly Wording OfMany = new(
        ["What is {e}?", "What is {e}?", "{e}", "{e} = ?", "Calculate {e}.", "Add {l}.", "What is the sum of {l}?"],
        ["{e}等于多少？", "计算{e}。", "求{l}的和。"],
        ["Was ist {e}?", "Berechne {e}.", "Was ist die Summe von {l}?"],
        ["¿Cuánto es {e}?", "Calcula {e}.", "¿Cuál es la suma de {l}?"]);

    /// <inheritdoc/>
    public string Name => "sum";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        long[] terms = DrawTerms(random, difficulty);
        Thought thought = new();
        Think(thought, terms);
        return new Problem(ProblemKey.Sum(terms), thought, $"{terms.Sum()}", (language, wording) => Ask(terms, language, wording))
        {
            Expression = string.Join(" + ", terms),
        };
    }

    private static long[] DrawTerms(SeededRandom random, Difficulty difficulty)
    {
        if (difficulty == Difficulty.Easy)
        {
            int most = random.Happens(0.5) ? 2 : 3;
            int Digits() => random.Happens(0.2) ? NumberDraw.Between(random, 1, most - 1) : most;
            return [NumberDraw.OfDigits(random, Digits()), NumberDraw.OfDigits(random, Digits())];
        }

        return random.Happens(0.15)
            ? [NumberDraw.OfDigits(random, NumberDraw.Between(random, 4, 6)), NumberDraw.OfDigits(random, NumberDraw.Between(random, 4, 6))]
            : [.. Enumerable.Range(0, NumberDraw.Between(random, 4, 6)).Select(_ => NumberDraw.OfDigits(random, random.Happens(0.3) ? 2 : 3))];
    }

    private static void Think(Thought thought, long[] terms)
    {
        if (terms.Length == 2)
        {
            foreach (string column in ColumnSum.Columns(terms[0], terms[1]))
            {
                thought.Add($"{column}.");
            }
        }
        else
        {
            thought.Add($"{string.Join('+', terms)}.");
            long sum = terms[0];
            for (int i = 1; i < terms.Length; i++)
            {
                string rest = string.Concat(terms[(i + 1)..].Select(term => $"+{term}"));
                sum = ColumnSum.Write(thought, sum, terms[i], rest == "" ? "" : $"; {sum + terms[i]}{rest}");
            }
        }

        thought.Conclude($"{terms.Sum()}");
    }

    private static string Ask(long[] terms, Language language, SeededRandom random)
    {
        string plus = random.Happens(0.85) ? " + " : "+";
        return (terms.Length == 2 ? OfTwo : OfMany).Ask(
            language,
            random,
            ("{e}", string.Join(plus, terms)),
            ("{a}", $"{terms[0]}"),
            ("{b}", $"{terms[1]}"),
            ("{l}", string.Join(", ", terms)));
    }
}
