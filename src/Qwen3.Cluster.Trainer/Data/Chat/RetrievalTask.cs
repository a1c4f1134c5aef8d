using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Chat;

/// <summary>A list of names with numbers, and a question for one of them: what a long context is good for.</summary>
/// <param name="least">Entries at least.</param>
/// <param name="most">Entries at most; an entry takes about eight tokens.</param>
internal sealed class RetrievalTask(int least, int most) : ITask
{
    private static readonly Wording Words = new(
        ["{l}\nWhat is the number of {k}?", "{l}\nWhich number has {k}?"],
        ["{l}\n{k}的号码是多少？"],
        ["{l}\nWelche Nummer hat {k}?"],
        ["{l}\n¿Qué número tiene {k}?"]);

    /// <inheritdoc/>
    public Exchange Make(SeededRandom random)
    {
        int count = NumberDraw.Between(random, least, most);
        Dictionary<string, long> numbers = [];
        while (numbers.Count < count)
        {
            numbers[$"{LetterWord.Draw(random, 2)}"] = NumberDraw.OfDigits(random, 3);
        }

        (string name, long number) = random.Pick([.. numbers]);
        string list = string.Join(", ", numbers.Select(entry => $"{entry.Key}: {entry.Value}"));
        return new Exchange(
            Words.Ask(LanguageNames.Draw(random), random, ("{l}", list), ("{k}", name)), [$"{name}: {number}.", $"So {number}."], $"{number}");
    }
}
