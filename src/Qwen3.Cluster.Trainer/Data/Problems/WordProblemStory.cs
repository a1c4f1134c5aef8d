namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>The stories of word problems. <c>{x}</c> is a name, <c>{a}</c>, <c>{b}</c> and <c>{c}</c> are the numbers.</summary>
internal static class WordProblemStory
{
    /// <summary>a + b − c.</summary>
    public static Wording GetAndGive { get; } = new(
        [
            "{x} has {a} apples, buys {b} more and eats {c}. How many are left?",
            "There are {a} people on a bus. {b} get on and {c} get off. How many are on the bus?",
        ],
        ["{x}有{a}个苹果，又买了{b}个，吃了{c}个。还剩几个？", "车上有{a}个人，上来{b}个，下去{c}个。车上有几个人？"],
        ["{x} hat {a} Äpfel, kauft {b} dazu und isst {c}. Wie viele bleiben?", "Im Bus sind {a} Leute. {b} steigen ein und {c} aus. Wie viele sind im Bus?"],
        ["{x} tiene {a} manzanas, compra {b} más y come {c}. ¿Cuántas quedan?", "En el bus hay {a} personas. Suben {b} y bajan {c}. ¿Cuántas hay?"]);

    /// <summary>a − b − c.</summary>
    public static Wording GiveTwice { get; } = new(
        ["{x} has {a} coins, loses {b} and gives away {c}. How many are left?"],
        ["{x}有{a}枚硬币，丢了{b}枚，送人{c}枚。还剩几枚？"],
        ["{x} hat {a} Münzen, verliert {b} und verschenkt {c}. Wie viele bleiben?"],
        ["{x} tiene {a} monedas, pierde {b} y regala {c}. ¿Cuántas quedan?"]);

    /// <summary>a · b − c.</summary>
    public static Wording BoxesLess { get; } = new(
        [
            "{x} buys {b} boxes of {a} pencils and gives away {c} pencils. How many pencils are left?",
            "A hall has {b} rows of {a} seats. {c} seats are taken. How many are free?",
        ],
        ["{x}买了{b}盒铅笔，每盒{a}支，送人{c}支。还剩几支？", "大厅有{b}排座位，每排{a}个，坐了{c}个人。空座有几个？"],
        [
            "{x} kauft {b} Kisten mit je {a} Stiften und verschenkt {c} Stifte. Wie viele Stifte bleiben?",
            "Ein Saal hat {b} Reihen mit je {a} Plätzen. {c} sind besetzt. Wie viele sind frei?",
        ],
        [
            "{x} compra {b} cajas de {a} lápices y regala {c}. ¿Cuántos lápices quedan?",
            "Una sala tiene {b} filas de {a} asientos. {c} están ocupados. ¿Cuántos están libres?",
        ]);

    /// <summary>a · b + c.</summary>
    public static Wording BoxesMore { get; } = new(
        ["{x} has {b} boxes of {a} pencils and {c} more pencils. How many pencils are there?", "{x} works {b} days for {a} euros and gets {c} euros more. How much is it?"],
        ["{x}有{b}盒铅笔，每盒{a}支，另外还有{c}支。一共有几支？", "{x}工作{b}天，每天{a}欧元，又得到{c}欧元。一共多少？"],
        [
            "{x} hat {b} Kisten mit je {a} Stiften und dazu {c} Stifte. Wie viele Stifte sind es?",
            "{x} arbeitet {b} Tage für je {a} Euro und bekommt {c} Euro dazu. Wie viel ist das?",
        ],
        ["{x} tiene {b} cajas de {a} lápices y {c} lápices más. ¿Cuántos lápices hay?", "{x} trabaja {b} días por {a} euros y recibe {c} euros más. ¿Cuánto es?"]);

    /// <summary>(a + b) · c.</summary>
    public static Wording EachDay { get; } = new(
        ["{x} earns {a} euros in the morning and {b} euros in the evening of each day. How much is it in {c} days?"],
        ["{x}每天早上挣{a}欧元，晚上挣{b}欧元。{c}天一共多少？"],
        ["{x} verdient jeden Tag {a} Euro am Morgen und {b} Euro am Abend. Wie viel ist das in {c} Tagen?"],
        ["{x} gana cada día {a} euros por la mañana y {b} euros por la tarde. ¿Cuánto es en {c} días?"]);

    /// <summary>People's names, the same in all languages.</summary>
    public static IReadOnlyList<string> Names { get; } = ["Anna", "Tom", "Li", "Eva", "Max", "Ana", "Leo", "Mia"];
}
