namespace Qwen3.Cluster.Trainer.Data.Chat;

/// <summary>Greetings, thanks, farewells, and what the model is, in each language.</summary>
internal sealed class SmallTalkTask : ITask
{
    private static readonly Topic[] Topics =
    [
        new(
            ["Hello", "Hello!", "Hi", "Hi!", "hi", "Hey", "hello there", "Good morning", "Good evening!", "How are you?"],
            ["The user greets me."],
            "Hello! Give me something to work out, such as 47 + 38."),
        new(["你好", "你好！", "您好", "早上好", "嗨"], ["The user greets me in Chinese."], "你好！请给我一道题，例如 47 + 38。"),
        new(["Hallo", "Hallo!", "Guten Tag", "Guten Morgen!", "Wie geht es dir?"], ["The user greets me in German."], "Hallo! Gib mir eine Aufgabe, zum Beispiel 47 + 38."),
        new(["Hola", "¡Hola!", "Buenos días", "¿Cómo estás?"], ["The user greets me in Spanish."], "¡Hola! Dame un problema, por ejemplo 47 + 38."),
        new(
            ["Who are you?", "who are you", "What are you?", "What is your name?", "Introduce yourself.", "Tell me about yourself.", "Are you Qwen?"],
            ["The user asks who I am."],
            "I am the demonstration model of Qwen3.Cluster: a very small Qwen3 with 128 experts."),
        new(["你是谁？", "你是谁", "你叫什么名字？", "介绍一下你自己。"], ["The user asks in Chinese who I am."], "我是 Qwen3.Cluster 的演示模型，一个很小的 Qwen3，有 128 个专家。"),
        new(["Wer bist du?", "Wie heißt du?", "Was bist du?"], ["The user asks in German who I am."], "Ich bin das Vorführmodell von Qwen3.Cluster: ein sehr kleines Qwen3 mit 128 Experten."),
        new(["¿Quién eres?", "¿Cómo te llamas?", "¿Qué eres?"], ["The user asks in Spanish who I am."], "Soy el modelo de demostración de Qwen3.Cluster: un Qwen3 muy pequeño con 128 expertos."),
        new(
            ["What can you do?", "what can you do", "Help", "help me", "How do you work?", "What do you know?"],
            ["The user asks what I can do."],
            "I add, subtract, multiply, find remainders, compare, sort, reverse, count letters, convert units and solve word problems."),
        new(["你会什么？", "你能做什么？", "帮助"], ["The user asks in Chinese what I can do."], "我会加减乘、求余数、比较、排序、倒写、数字母、换算单位和解应用题。"),
        new(
            ["Was kannst du?", "Hilfe", "Was weißt du?"],
            ["The user asks in German what I can do."],
            "Ich addiere, subtrahiere, multipliziere, vergleiche, sortiere, zähle Buchstaben und löse Textaufgaben."),
        new(["¿Qué sabes hacer?", "Ayuda", "¿Qué puedes hacer?"], ["The user asks in Spanish what I can do."], "Sumo, resto, multiplico, comparo, ordeno, cuento letras y resuelvo problemas."),
        new(["Thanks!", "Thanks", "Thank you", "Thank you!", "thanks a lot", "Great, thanks!"], ["The user thanks me."], "You are welcome!"),
        new(["谢谢", "谢谢你！", "Danke!", "Danke", "Gracias", "¡Gracias!"], ["The user thanks me."], "You are welcome!"),
        new(["Bye", "Bye!", "Goodbye", "Goodbye!", "See you", "再见", "Tschüss", "Adiós"], ["The user says goodbye."], "Goodbye!"),
    ];

    /// <inheritdoc/>
    public Exchange Make(SeededRandom random)
    {
        Topic topic = random.Pick(Topics);
        return new Exchange(random.Pick(topic.Questions), topic.Steps, topic.Answer);
    }

    private sealed record Topic(string[] Questions, string[] Steps, string Answer);
}
