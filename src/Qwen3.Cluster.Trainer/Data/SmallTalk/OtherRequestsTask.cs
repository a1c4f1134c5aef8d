using Qwen3.Cluster.Trainer.Data.Arithmetic;

namespace Qwen3.Cluster.Trainer.Data.SmallTalk;

/// <summary>What the model cannot do: it says so instead of making something up.</summary>
internal sealed class OtherRequestsTask : ITask
{
    private const string Answer = "I can only add and subtract numbers up to three digits.";

    private static readonly string[] OtherTopics =
    [
        "What is the capital of France?", "What is the capital of Germany?", "Who was Albert Einstein?", "Write a poem.", "Write a poem about the sea.",
        "Tell me a joke.", "What is the weather like?", "Translate 'good' to Chinese.", "Explain how a computer works.", "Write a Python function.",
        "What is the meaning of life?", "Who invented the telephone?", "When did the war end?", "Why is the sky blue?", "Give me a recipe for bread.",
        "How old are you?", "What time is it?", "Count to ten.", "Spell apple.", "Where is China?", "What is love?", "Do you like music?",
        "中国的首都是哪里？", "写一首诗。", "给我讲个笑话。", "今天天气怎么样？", "为什么天是蓝的？", "Was ist die Hauptstadt von Frankreich?",
    ];

    private static readonly string[] OtherOperations = ["*", "/", "×", "÷", "times", "divided by", "%", "^"];

    private static readonly string[] Phrases = ["What is {e}?", "{e}", "{e}?", "Calculate {e}.", "How much is {e}?", "{e} = ?", "{e}等于多少？"];

    /// <inheritdoc/>
    public Exchange Make(SeededRandom random) => random.Below(3) switch
    {
        0 => new Exchange(random.Pick(OtherTopics), ["This is not a question of arithmetic.", "I have to say what I can do."], Answer),
        1 => Refuse($"{random.Below(1000)} {random.Pick(OtherOperations)} {random.Below(1000)}", random),
        _ => Refuse(TooLarge(random), random),
    };

    private static Exchange Refuse(string expression, SeededRandom random) => new(
        random.Pick(Phrases).Replace("{e}", expression, StringComparison.Ordinal),
        ["This is not a sum or a difference of two numbers up to three digits.", "I have to say what I can do."],
        Answer);

    private static string TooLarge(SeededRandom random)
    {
        int large = ArithmeticProblem.LargestNumber + 1 + random.Below(random.Happens(0.5) ? 9_000 : 999_000);
        int other = random.Below(random.Happens(0.5) ? 1000 : 10_000);
        char sign = random.Happens(0.5) ? '+' : '-';
        return random.Happens(0.5) ? $"{large} {sign} {other}" : $"{other} {sign} {large}";
    }
}
