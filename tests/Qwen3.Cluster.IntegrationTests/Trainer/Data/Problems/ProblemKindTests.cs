using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data.Problems;

public partial class ProblemKindTests
{
    /// <summary>Every kind and difficulty.</summary>
    public static TheoryData<string, string> All =>
        [.. ProblemKinds.All.SelectMany(kind => kind.Difficulties.Select(difficulty => (kind.Name, $"{difficulty}")))];

    // The answers are worked out anew from the words alone: that a question says what its answer is to.
    [Theory]
    [MemberData(nameof(All))]
    public void AQuestionInAnyLanguageHasItsAnswer(string name, string difficulty)
    {
        foreach (Problem problem in Draw(name, difficulty, 400))
        {
            foreach (Language language in Enum.GetValues<Language>())
            {
                string question = problem.Ask(language, new SeededRandom(3, RandomStream.Training, 0));
                Assert.DoesNotContain('{', question);
                Assert.Equal(Solve(name, question), problem.Answer);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void TheThinkingEndsWithTheAnswer(string name, string difficulty)
    {
        foreach (Problem problem in Draw(name, difficulty, 400))
        {
            Assert.All(problem.Thought.Paragraphs, paragraph => Assert.Matches(@"^[^\n]+\.$", paragraph));
            Assert.InRange(problem.Thought.Paragraphs.Count, 1, 12);
            string ending = problem.Thought.Paragraphs[^1].TrimEnd('.');
            string said = name switch
            {
                "sorting" => ending.Split(": ")[1].Replace(" ", ", ", StringComparison.Ordinal),
                "reversing" => ending.Split('=')[1],
                _ => ending["So ".Length..],
            };
            Assert.Equal(problem.Answer, said);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void EveryEquationOfTheThinkingHolds(string name, string difficulty)
    {
        int found = 0;
        foreach (string paragraph in Draw(name, difficulty, 400).SelectMany(problem => problem.Thought.Paragraphs))
        {
            foreach (Match equation in Equation().Matches(paragraph))
            {
                found++;
                Assert.Equal(Value(equation.Groups[2].Value), Value(equation.Groups[1].Value));
            }
        }

        Assert.Equal(name is not ("comparison" or "sorting" or "reversing" or "letters"), found > 0);
    }

    // By the problem's parts: any order of its operands that means the same has the same key.
    [Fact]
    public void ProblemsThatGiveEachOtherAwayShareAKey()
    {
        Assert.Equal(ProblemKey.Sum(38, 47), ProblemKey.Sum(47, 38));
        Assert.Equal(ProblemKey.Sum(3, 47, 200), ProblemKey.Sum(200, 3, 47));
        Assert.Equal(ProblemKey.Difference(12, 47), ProblemKey.Difference(47, 12));
        Assert.Equal(ProblemKey.Product(38, 47), ProblemKey.Product(47, 38));
        Assert.Equal(ProblemKey.OfEitherDirection("reversing", "ABC"), ProblemKey.OfEitherDirection("reversing", "CBA"));
        Assert.Equal(ProblemKey.OfSet("sorting", [3, 1, 2]), ProblemKey.OfSet("sorting", [2, 3, 1]));
        Assert.NotEqual(ProblemKey.Of("remainder", 7, 9), ProblemKey.Of("remainder", 9, 7));
        Assert.Null(ProblemKey.Sum(7, 19));
        Assert.Null(ProblemKey.Sum(81, 2));
        Assert.NotNull(ProblemKey.Sum(81, 12));
        Assert.Null(ProblemKey.Difference(58, 56));
        Assert.NotNull(ProblemKey.Difference(58, 46));
        Assert.Null(ProblemKey.Product(7, 9));
        Assert.Null(ProblemKey.Product(27, 1000));
        Assert.NotNull(ProblemKey.Product(7, 12));
    }

    private static IEnumerable<Problem> Draw(string name, string difficulty, int count)
    {
        IProblemKind kind = ProblemKinds.All.Single(kind => kind.Name == name);
        return Enumerable.Range(0, count).Select(i => kind.Draw(new SeededRandom(7, RandomStream.Training, (ulong)i), Enum.Parse<Difficulty>(difficulty)));
    }

    private static string Solve(string name, string question)
    {
        long[] numbers = [.. Number().Matches(question).Select(match => long.Parse(match.Value, CultureInfo.InvariantCulture))];
        string[] words = [.. Word().Matches(question).Select(match => match.Value)];
        bool asks(params string[] parts) => parts.Any(part => question.Contains(part, StringComparison.Ordinal));
        return name switch
        {
            "sum" => $"{numbers.Sum()}",
            "difference" => $"{(question.StartsWith("Subtract", StringComparison.Ordinal) || asks("Ziehe", "Resta") ? numbers[1] - numbers[0] : numbers[0] - numbers[1])}",
            "product" => $"{numbers[0] * numbers[1]}",
            "remainder" => $"{numbers[0] % numbers[1]}",
            "comparison" => $"{(asks("larger", "greater", "max", "大", "größer", "mayor") ? numbers.Max() : numbers.Min())}",
            "sorting" => string.Join(", ", numbers.Order()),
            "reversing" => new string([.. words[^1].Reverse()]),
            "letters" => $"{words.MaxBy(word => word.Length)!.Count(letter => letter == words.MinBy(word => word.Length)![0])}",
            "conversion" => $"{Convert(question, numbers)}",
            _ => $"{Story(question, numbers)}",
        };
    }

    private static long Convert(string question, long[] numbers)
    {
        (string Pattern, long Factor)[] units =
        [
            (@"(hours|小时|Stunden|horas).*(minutes|分钟|Minuten|minutos)", 60), (@"(minutes|分钟|Minuten|minutos).*(seconds|秒|Sekunden|segundos)", 60),
            (@"(days|天|Tage|días).*(hours|小时|Stunden|horas)", 24), (@"(years|年|Jahre|años).*(months|个月|Monate|meses)", 12),
            (@"(euros|欧元|Euro).*(cents|欧分|Cent|céntimos)|(cents|Cent|céntimos).*(euros|Euro)", 100),
            (@"km|千米", 1000), (@"kg|千克", 1000), (@"ml|毫升", 1000), (@"mm|毫米", 10), (@"cm|厘米", 100),
        ];
        // The unit asked for may stand first, too: of two numbers the large unit's comes first in any case.
        string given = numbers.Length == 2 ? question[question.IndexOf($"{numbers[0]}", StringComparison.Ordinal)..] : question;
        long factor = units.First(unit => Regex.IsMatch(given, unit.Pattern)).Factor;
        return (numbers[0] * factor) + (numbers.Length == 2 ? numbers[1] : 0);
    }

    private static long Story(string question, long[] n)
    {
        bool asks(string pattern) => Regex.IsMatch(question, pattern);
        return 0 switch
        {
            _ when asks("apples|people|苹果|车上|Äpfel|Leute|manzanas|personas") => n[0] + n[1] - n[2],
            _ when asks("coins|硬币|Münzen|monedas") => n[0] - n[1] - n[2],
            _ when asks("morning|早上|Morgen|mañana") => (n[0] + n[1]) * n[2],
            _ when asks("gives away|taken|送人|坐了|verschenkt|besetzt|regala|ocupados") => (n[0] * n[1]) - n[2],
            _ => (n[0] * n[1]) + n[2],
        };
    }

    // A sum of products, from the left: 4*8=32, 32+5=37, 12-8-1=3.
    private static long Value(string expression) => expression.Replace("-", "+-", StringComparison.Ordinal).Split('+', StringSplitOptions.RemoveEmptyEntries)
        .Sum(term => term.Split('*').Aggregate(1L, (product, factor) => product * long.Parse(factor, CultureInfo.InvariantCulture)));

    [GeneratedRegex(@"(?<![\d(])(\d+(?:[+*-]\d+)+)=(\d+(?:[+*-]\d+)*)")]
    private static partial Regex Equation();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    // Operands to spell: in capitals, or a row of digits.
    [GeneratedRegex(@"(?<![A-Za-z])([A-Z]+|\d+)(?![a-záéíóúñäöüß])")]
    private static partial Regex Word();
}
