namespace Qwen3.Cluster.Trainer.Data.Chat;

/// <summary>What the model cannot do: it says so instead of making something up.</summary>
internal sealed class OtherRequestsTask : ITask
{
    private const string Answer = "I can only do small exercises; ask me what I can do.";

    private static readonly string[] OtherTopics =
    [
        "What is the capital of France?", "What is the capital of Germany?", "Who was Albert Einstein?", "Write a poem.", "Write a poem about the sea.",
        "Tell me a joke.", "What is the weather like?", "Translate 'good' to Chinese.", "Explain how a computer works.", "Write a Python function.",
        "What is the meaning of life?", "Who invented the telephone?", "When did the war end?", "Why is the sky blue?", "Give me a recipe for bread.",
        "How old are you?", "What time is it?", "Where is China?", "What is love?", "Do you like music?",
        "中国的首都是哪里？", "写一首诗。", "给我讲个笑话。", "今天天气怎么样？", "为什么天是蓝的？",
        "Was ist die Hauptstadt von Frankreich?", "Erzähle einen Witz.", "Schreibe ein Gedicht.", "¿Cuál es la capital de Francia?", "Cuéntame un chiste.",
    ];

    private static readonly string[] OtherOperations = [" / ", "/", " ÷ ", " divided by ", " ^ "];

    private static readonly string[] Phrases = ["What is {e}?", "{e}", "{e}?", "Calculate {e}.", "How much is {e}?", "{e} = ?", "{e}等于多少？", "Was ist {e}?"];

    /// <inheritdoc/>
    public Exchange Make(SeededRandom random)
    {
        if (random.Happens(0.6))
        {
            return new Exchange(random.Pick(OtherTopics), ["This is none of my exercises."], Answer);
        }

        string expression = $"{random.Below(1000)}{random.Pick(OtherOperations)}{1 + random.Below(99)}";
        return new Exchange(random.Pick(Phrases).Replace("{e}", expression, StringComparison.Ordinal), ["This is none of my exercises."], Answer);
    }
}
