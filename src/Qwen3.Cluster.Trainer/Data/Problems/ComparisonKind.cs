using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Which of two numbers is larger, or smaller. Easy alone: two numbers of up to four digits.</summary>
internal sealed class ComparisonKind : IProblemKind
{
    private static readonly Wording Larger = new(
        ["Which is larger, {a} or {b}?", "Which number is greater: {a} or {b}?", "Is {a} or {b} larger?", "max({a}, {b})"],
        ["{a}和{b}哪个大？", "{a}和{b}哪个更大？"],
        ["Welche Zahl ist größer, {a} oder {b}?", "Was ist größer: {a} oder {b}?"],
        ["¿Qué número es mayor, {a} o {b}?", "¿Cuál es mayor: {a} o {b}?"]);

    private static readonly Wording Smaller = new(
        ["Which is smaller, {a} or {b}?", "Which number is less: {a} or {b}?", "Is {a} or {b} smaller?", "min({a}, {b})"],
        ["{a}和{b}哪个小？", "{a}和{b}哪个更小？"],
        ["Welche Zahl ist kleiner, {a} oder {b}?", "Was ist kleiner: {a} oder {b}?"],
        ["¿Qué número es menor, {a} o {b}?", "¿Cuál es menor: {a} o {b}?"]);

    /// <inheritdoc/>
    public string Name => "comparison";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        int digits = NumberDraw.Between(random, 1, 4);
        long one = NumberDraw.OfDigits(random, digits), other = one;
        while (other == one)
        {
            other = NumberDraw.OfDigits(random, random.Happens(0.7) ? Math.Max(2, digits) : NumberDraw.Between(random, 1, 4));
        }

        bool asksForLarger = random.Happens(0.5);
        long answer = asksForLarger ? Math.Max(one, other) : Math.Min(one, other);
        Thought thought = new();
        thought.Add(Compare($"{one}", $"{other}"));
        thought.Conclude($"{answer}");
        return new Problem(
            ProblemKey.OfSet(Name, [one, other]),
            thought,
            $"{answer}",
            (language, wording) => (asksForLarger ? Larger : Smaller).Ask(language, wording, ("{a}", $"{one}"), ("{b}", $"{other}")));
    }

    // By the number of digits, or by the first digit in which they differ: 347, 352: 3=3, 4<5, 347<352.
    private static string Compare(string one, string other)
    {
        List<string> steps = [];
        if (one.Length != other.Length)
        {
            steps.Add($"{one.Length}{(one.Length < other.Length ? '<' : '>')}{other.Length}");
        }
        else
        {
            int at = 0;
            for (; one[at] == other[at]; at++)
            {
                steps.Add($"{one[at]}={other[at]}");
            }

            steps.Add($"{one[at]}{(one[at] < other[at] ? '<' : '>')}{other[at]}");
        }

        return $"{one}, {other}: {string.Join(", ", steps)}, {one}{steps[^1].First(sign => sign is '<' or '>')}{other}.";
    }
}
