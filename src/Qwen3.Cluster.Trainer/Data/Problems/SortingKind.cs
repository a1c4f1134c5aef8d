using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Sorting, the smallest first. Easy: three or four numbers of two digits. Hard: six to eight numbers of up to three digits.</summary>
internal sealed class SortingKind : IProblemKind
{
    private static readonly Wording Words = new(
        ["Sort {l}.", "Sort these numbers: {l}", "Put in order: {l}", "Sort {l} in ascending order."],
        ["把{l}从小到大排序。", "从小到大排列：{l}"],
        ["Sortiere {l}.", "Ordne der Größe nach: {l}"],
        ["Ordena {l}.", "Ordena de menor a mayor: {l}"]);

    /// <inheritdoc/>
    public string Name => "sorting";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        bool isEasy = difficulty == Difficulty.Easy;
        int count = isEasy ? NumberDraw.Between(random, 3, 4) : NumberDraw.Between(random, 6, 8);
        HashSet<long> different = [];
        while (different.Count < count)
        {
            different.Add(isEasy ? NumberDraw.Between(random, 10, 99) : NumberDraw.OfDigits(random, random.Happens(0.5) ? 2 : 3));
        }

        long[] numbers = [.. different];
        Thought thought = new();
        string answer = string.Join(", ", InsertionSort.Write(thought, numbers));
        return new Problem(
            ProblemKey.OfSet(Name, numbers), thought, answer, (language, wording) => Words.Ask(language, wording, ("{l}", string.Join(", ", numbers))));
    }
}
