using System.Globalization;
using System.Text;

namespace Qwen3.Cluster.Trainer.Data.Arithmetic;

/// <summary>The ways in which people ask for a sum or a difference. In a phrase <c>{e}</c> is the expression, <c>{a}</c> and <c>{b}</c> are the numbers.</summary>
internal static class ArithmeticPhrases
{
    private static readonly string[] English =
    [
        "What is {e}?", "What is {e}?", "What is {e}?", "what is {e}", "What is {e}", "What's {e}?", "How much is {e}?", "how much is {e}?",
        "{e}", "{e}", "{e}?", "{e} =", "{e} = ?", "{e}=", "{e}=?", "Calculate {e}.", "Calculate {e}", "calculate {e}", "Compute {e}.", "Compute {e}",
        "Please compute {e}.", "Please calculate {e}.", "Can you compute {e}?", "Solve {e}", "Solve {e}.", "Tell me {e}.", "Tell me what {e} is.",
        "I need {e}.", "Give me the answer to {e}.", "Now {e}", "And {e}?",
    ];

    private static readonly string[] EnglishSums =
    [
        "What is {a} plus {b}?", "{a} plus {b}", "{a} plus {b}?", "How much is {a} plus {b}?", "Add {a} and {b}.", "Add {a} and {b}", "add {a} and {b}",
        "What is the sum of {a} and {b}?", "The sum of {a} and {b}?", "Sum {a} and {b}.", "What do you get if you add {a} and {b}?",
    ];

    private static readonly string[] EnglishDifferences =
    [
        "What is {a} minus {b}?", "{a} minus {b}", "{a} minus {b}?", "How much is {a} minus {b}?", "Subtract {b} from {a}.", "subtract {b} from {a}",
        "What is the difference of {a} and {b}?", "Take {b} away from {a}.", "{a} take away {b}", "What do you get if you subtract {b} from {a}?",
    ];

    private static readonly string[] Chinese =
        ["{e}等于多少？", "{e} 等于多少？", "{e}是多少？", "{e} 是多少？", "{e}=？", "计算{e}", "计算 {e}", "请计算{e}。", "请计算 {e}。", "{e}等于几？"];

    private static readonly string[] ChineseSums = ["{a}加{b}等于多少？", "{a}加{b}是多少？", "{a}加{b}", "{a}加上{b}等于多少？"];

    private static readonly string[] ChineseDifferences = ["{a}减{b}等于多少？", "{a}减{b}是多少？", "{a}减{b}", "{a}减去{b}等于多少？"];

    private static readonly string[] OtherLanguages =
    [
        "Wie viel ist {e}?", "Was ist {e}?", "Was ergibt {e}?", "Berechne {e}.", "Combien font {e} ?", "Combien fait {e} ?", "Calcule {e}.",
        "¿Cuánto es {e}?", "Calcula {e}.", "Сколько будет {e}?", "Quanto fa {e}?",
    ];

    private static readonly string[] Minuses = ["-", "-", "-", "-", "-", "-", "-", "−"];

    /// <summary>A question for a problem; three in four are English.</summary>
    public static string Ask(ArithmeticProblem problem, SeededRandom random)
    {
        string phrase = random.Pick(random.Below(20) switch
        {
            < 11 => English,
            < 15 => problem.IsSum ? EnglishSums : EnglishDifferences,
            < 17 => Chinese,
            < 18 => problem.IsSum ? ChineseSums : ChineseDifferences,
            _ => OtherLanguages,
        });
        string sign = problem.IsSum ? "+" : random.Pick(Minuses);
        string space = random.Happens(0.8) ? " " : "";
        return new StringBuilder(phrase)
            .Replace("{e}", string.Create(CultureInfo.InvariantCulture, $"{problem.Left}{space}{sign}{space}{problem.Right}"))
            .Replace("{a}", problem.Left.ToString(CultureInfo.InvariantCulture))
            .Replace("{b}", problem.Right.ToString(CultureInfo.InvariantCulture))
            .ToString();
    }
}
