using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>A few simple sentences in one language, or the same sentence in two.</summary>
internal sealed class SentenceText : IPlainText
{
    // Who, does what, to what, where: in each language the words of a place have the same meaning.
    private static readonly string[][] Subjects =
    [
        ["The teacher", "The child", "My friend", "The farmer", "Anna", "Tom", "The doctor", "The girl"],
        ["老师", "孩子", "我的朋友", "农民", "安娜", "汤姆", "医生", "女孩"],
        ["Der Lehrer", "Das Kind", "Mein Freund", "Der Bauer", "Anna", "Tom", "Der Arzt", "Das Mädchen"],
        ["El maestro", "El niño", "Mi amigo", "El campesino", "Ana", "Tom", "El médico", "La niña"],
    ];

    private static readonly string[][] Verbs =
    [
        ["buys", "sees", "has", "counts", "sells", "finds", "loses", "brings"],
        ["买", "看见", "有", "数", "卖", "找到", "丢了", "带来"],
        ["kauft", "sieht", "hat", "zählt", "verkauft", "findet", "verliert", "bringt"],
        ["compra", "ve", "tiene", "cuenta", "vende", "encuentra", "pierde", "trae"],
    ];

    private static readonly string[][] Objects =
    [
        ["apples", "books", "pencils", "coins", "boxes", "eggs", "letters", "seats"],
        ["苹果", "书", "铅笔", "硬币", "盒子", "鸡蛋", "信", "座位"],
        ["Äpfel", "Bücher", "Stifte", "Münzen", "Kisten", "Eier", "Briefe", "Plätze"],
        ["manzanas", "libros", "lápices", "monedas", "cajas", "huevos", "cartas", "asientos"],
    ];

    private static readonly string[][] Places =
    [
        ["at school", "at home", "in the city", "at the market", "in the garden", "on the bus"],
        ["在学校", "在家", "在城里", "在市场", "在花园", "在车上"],
        ["in der Schule", "zu Hause", "in der Stadt", "auf dem Markt", "im Garten", "im Bus"],
        ["en la escuela", "en casa", "en la ciudad", "en el mercado", "en el jardín", "en el bus"],
    ];

    /// <inheritdoc/>
    public string Write(SeededRandom random)
    {
        Language first = LanguageNames.Draw(random);
        int[] words = DrawWords(random);
        if (random.Happens(0.3))
        {
            return $"{Sentence(first, words)} = {Sentence(LanguageNames.Draw(random), words)}";
        }

        string text = Sentence(first, words);
        for (int more = random.Below(3); more > 0; more--)
        {
            text += (first == Language.Chinese ? "" : " ") + Sentence(first, DrawWords(random));
        }

        return text;
    }

    private static int[] DrawWords(SeededRandom random) =>
        [random.Below(Subjects[0].Length), random.Below(Verbs[0].Length), NumberDraw.Between(random, 2, 99), random.Below(Objects[0].Length), random.Below(Places[0].Length)];

    private static string Sentence(Language language, int[] words)
    {
        int at = (int)language;
        (string who, string does, string what, string where) = (Subjects[at][words[0]], Verbs[at][words[1]], Objects[at][words[3]], Places[at][words[4]]);
        return language == Language.Chinese ? $"{who}{where}{does}{words[2]}个{what}。" : $"{who} {does} {words[2]} {what} {where}.";
    }
}
