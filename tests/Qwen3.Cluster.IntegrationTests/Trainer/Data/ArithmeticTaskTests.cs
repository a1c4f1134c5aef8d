using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Arithmetic;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data;

public partial class ArithmeticTaskTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnswersAreRight(bool heldOut)
    {
        ArithmeticTask task = new(heldOut);
        for (ulong i = 0; i < 5_000; i++)
        {
            Exchange exchange = task.Make(new SeededRandom(7, RandomStream.Training, i));
            Match equation = Equation().Match(exchange.Answer);
            Assert.True(equation.Success, exchange.Answer);
            (long left, long right, long result) = (Number(equation, 1), Number(equation, 3), Number(equation, 4));
            Assert.Equal(equation.Groups[2].Value == "+" ? left + right : left - right, result);
            Assert.Contains(equation.Groups[1].Value, exchange.Question);
            Assert.Contains(equation.Groups[3].Value, exchange.Question);
            Assert.Equal(heldOut, new ArithmeticProblem((int)left, equation.Groups[2].Value == "+", (int)right).IsHeldOut);
        }
    }

    [Fact]
    public void EveryEquationOfTheThinkingHolds()
    {
        ArithmeticTask task = new(heldOut: false);
        for (ulong i = 0; i < 5_000; i++)
        {
            Exchange exchange = task.Make(new SeededRandom(8, RandomStream.Training, i));
            string result = exchange.Answer.TrimEnd('.').Split(" = ")[1];
            Assert.EndsWith($" {result}.", exchange.Steps[^1]);
            string digits = string.Concat(exchange.Steps[^1].Split(':', '.')[1].Split(',', StringSplitOptions.TrimEntries));
            Assert.Equal(Math.Abs(int.Parse(result, CultureInfo.InvariantCulture)), int.Parse(digits, CultureInfo.InvariantCulture));
            Assert.InRange(exchange.Steps.Count, 3, 5);
            foreach (string column in exchange.Steps.Skip(1).SkipLast(1))
            {
                Match sum = ColumnSum().Match(column);
                Assert.True(sum.Success, column);
                long value = sum.Groups[1].Value.Replace("- ", "+ -", StringComparison.Ordinal).Split(" + ").Sum(term => long.Parse(term, CultureInfo.InvariantCulture));
                Assert.Equal(Number(sum, 2), value);

                // What is written, and what is carried: the sum again.
                long carried = column.EndsWith("carry 1.", StringComparison.Ordinal) ? 10 : 0;
                Assert.Equal(Number(sum, 2), Number(sum, 3) + carried);
            }
        }
    }

    [Theory]
    [InlineData(47, true, 38, "47 + 38: I add digit by digit, from the right.|Ones: 7 + 8 = 15, write 5, carry 1.|Tens: 4 + 3 + 1 = 8, write 8.|From the left: 8, 5. The sum is 85.")]
    [InlineData(962, true, 45, "962 + 45: I add digit by digit, from the right.|Ones: 2 + 5 = 7, write 7.|Tens: 6 + 4 = 10, write 0, carry 1.|Hundreds: 9 + 0 + 1 = 10, write 10.|From the left: 10, 0, 7. The sum is 1007.")]
    [InlineData(812, false, 377, "812 - 377: I subtract digit by digit, from the right.|Ones: 2 - 7 is below 0, so 12 - 7 = 5, write 5, borrow 1.|Tens: 1 - 7 - 1 is below 0, so 11 - 7 - 1 = 3, write 3, borrow 1.|Hundreds: 8 - 3 - 1 = 4, write 4.|From the left: 4, 3, 5. The difference is 435.")]
    [InlineData(7, false, 12, "7 - 12: 7 is less than 12, so the answer is negative. I compute 12 - 7 from the right.|Ones: 2 - 7 is below 0, so 12 - 7 = 5, write 5, borrow 1.|Tens: 1 - 0 - 1 = 0, write 0.|From the left: 0, 5. The difference is 5, so the answer is -5.")]
    [InlineData(10, false, 10, "10 - 10: I subtract digit by digit, from the right.|Ones: 0 - 0 = 0, write 0.|Tens: 1 - 1 = 0, write 0.|From the left: 0, 0. The difference is 0.")]
    public void ThinksAsOnPaper(int left, bool isSum, int right, string steps)
    {
        Assert.Equal(steps.Split('|'), ColumnThinking.StepsOf(new ArithmeticProblem(left, isSum, right)));
    }

    [Fact]
    public void TheRuleHoldsOutOneInTwentyInEitherOrder()
    {
        int heldOut = 0;
        for (int left = 0; left <= ArithmeticProblem.LargestNumber; left++)
        {
            for (int right = 0; right <= ArithmeticProblem.LargestNumber; right++)
            {
                ArithmeticProblem problem = new(left, IsSum: false, right);
                heldOut += problem.IsHeldOut ? 1 : 0;
                Assert.Equal(problem.IsHeldOut, new ArithmeticProblem(right, IsSum: false, left).IsHeldOut);
            }
        }

        Assert.InRange(heldOut, 49_000, 51_000);
    }

    // Questions, earlier turns, thinking, answers, what is refused, drills: nothing that a model is trained on may hold a problem of the exam.
    [Fact]
    public void NoTrainingTextHasAProblemThatIsHeldOut()
    {
        ChatTemplate template = new(ChatTemplateVariant.July2025);
        int found = 0;
        foreach ((Mixture mixture, RandomStream stream) in Curriculum.Embedded.Rounds.SelectMany(round => round.Phases)
            .Select(phase => (phase.Mixture, RandomStream.Training)).Append((Curriculum.Embedded.Vocabulary, RandomStream.Vocabulary)))
        {
            for (ulong i = 0; i < 10_000; i++)
            {
                Conversation conversation = ConversationSource.Make(mixture, new SeededRandom(1, stream, i));
                (string prompt, string reply) = SampleEncoder.Render(template, conversation);
                foreach (Match match in Problem().Matches(prompt + reply))
                {
                    (long left, long right) = (Number(match, 1), Number(match, 3));
                    if (left <= ArithmeticProblem.LargestNumber && right <= ArithmeticProblem.LargestNumber)
                    {
                        found++;
                        Assert.False(new ArithmeticProblem((int)left, match.Groups[2].Value == "+", (int)right).IsHeldOut, match.Value);
                    }
                }
            }
        }

        Assert.InRange(found, 100_000, int.MaxValue);
    }

    [Fact]
    public void AnEquationIsAQuestionAndItsResult()
    {
        EquationTask task = new();
        for (ulong i = 0; i < 1_000; i++)
        {
            Exchange exchange = task.Make(new SeededRandom(9, RandomStream.Training, i));
            Match equation = Equation().Match(exchange.Question + exchange.Answer);
            Assert.True(equation.Success, exchange.Question + exchange.Answer);
            (long left, long right, long result) = (Number(equation, 1), Number(equation, 3), Number(equation, 4));
            Assert.Equal(equation.Groups[2].Value == "+" ? left + right : left - right, result);
        }
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d+) ([+-]) (\d+) = (-?\d+)\.$")]
    private static partial Regex Equation();

    [GeneratedRegex(@"(\d+(?: [+-] \d+)+) = (\d+), write (\d+)(?:, (?:carry|borrow) 1)?\.$")]
    private static partial Regex ColumnSum();

    // Overlapping: of 4 + 3 + 1 both pairs count.
    [GeneratedRegex(@"(?<!\d)(\d+)(?= ?([+−-]) ?(\d+)(?!\d))")]
    private static partial Regex Problem();
}
