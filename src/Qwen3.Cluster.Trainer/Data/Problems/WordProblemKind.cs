using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Word problems of two steps. Easy: sums and differences of small numbers. Hard: products of numbers of two digits, and a sum or a difference.</summary>
internal sealed class WordProblemKind : IProblemKind
{
    /// <inheritdoc/>
    public string Name => "word-problem";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    /// <remarks>With small numbers it is practice on the way to the hard ones: two steps are too many for a direct answer.</remarks>
    public IReadOnlyList<Difficulty> Examined => [Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        Thought thought = new();
        if (difficulty == Difficulty.Easy)
        {
            return random.Happens(0.6) ? GetAndGive(random, thought) : GiveTwice(random, thought);
        }

        return random.Below(3) switch
        {
            0 => BoxesLess(random, thought),
            1 => BoxesMore(random, thought),
            _ => EachDay(random, thought),
        };
    }

    private static Problem GetAndGive(SeededRandom random, Thought thought)
    {
        (long had, long got) = (NumberDraw.Between(random, 3, 20), NumberDraw.Between(random, 2, 15));
        long gave = NumberDraw.Between(random, 1, (int)Math.Min(15, had + got - 1));
        thought.Add($"{had}+{got}-{gave}.");
        long left = ColumnDifference.Write(thought, ColumnSum.Write(thought, had, got), gave);
        return Make("get and give", WordProblemStory.GetAndGive, thought, left, had, got, gave);
    }

    private static Problem GiveTwice(SeededRandom random, Thought thought)
    {
        (long lost, long gave) = (NumberDraw.Between(random, 1, 9), NumberDraw.Between(random, 1, 9));
        long had = lost + gave + NumberDraw.Between(random, 1, 12);
        thought.Add($"{had}-{lost}-{gave}.");
        long left = ColumnDifference.Write(thought, ColumnDifference.Write(thought, had, lost), gave);
        return Make("give twice", WordProblemStory.GiveTwice, thought, left, had, lost, gave);
    }

    private static Problem BoxesLess(SeededRandom random, Thought thought)
    {
        (long each, long boxes) = (NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 11, 99));
        long gone = NumberDraw.Between(random, 10, (int)Math.Min(999, each * boxes));
        thought.Add($"{each}*{boxes}-{gone}.");
        long left = ColumnDifference.Write(thought, DigitProduct.Write(thought, each, boxes), gone);
        return Make("boxes less", WordProblemStory.BoxesLess, thought, left, each, boxes, gone);
    }

    private static Problem BoxesMore(SeededRandom random, Thought thought)
    {
        (long each, long boxes, long more) = (NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 10, 999));
        thought.Add($"{each}*{boxes}+{more}.");
        long all = ColumnSum.Write(thought, DigitProduct.Write(thought, each, boxes), more);
        return Make("boxes more", WordProblemStory.BoxesMore, thought, all, each, boxes, more);
    }

    private static Problem EachDay(SeededRandom random, Thought thought)
    {
        (long morning, long evening, long days) = (NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 11, 30));
        thought.Add($"({morning}+{evening})*{days}.");
        long all = DigitProduct.Write(thought, ColumnSum.Write(thought, morning, evening), days);
        return Make("each day", WordProblemStory.EachDay, thought, all, morning, evening, days);
    }

    private static Problem Make(string story, Wording words, Thought thought, long answer, long first, long second, long third)
    {
        thought.Conclude($"{answer}");
        return new Problem(ProblemKey.Of(story, first, second, third), thought, $"{answer}", (language, random) => words.Ask(
            language, random, ("{x}", random.Pick(WordProblemStory.Names)), ("{a}", $"{first}"), ("{b}", $"{second}"), ("{c}", $"{third}")));
    }
}
