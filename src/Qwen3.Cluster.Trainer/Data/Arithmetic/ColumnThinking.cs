namespace Qwen3.Cluster.Trainer.Data.Arithmetic;

/// <summary>Thinks a sum or a difference through as on paper: digit by digit from the right, a paragraph for each.</summary>
internal static class ColumnThinking
{
    private static readonly string[] Places = ["Ones", "Tens", "Hundreds"];

    /// <summary>The paragraphs.</summary>
    public static IReadOnlyList<string> StepsOf(ArithmeticProblem problem) => problem.IsSum ? Add(problem) : Subtract(problem);

    private static List<string> Add(ArithmeticProblem problem)
    {
        List<string> steps = [$"{problem.Expression}: I add digit by digit, from the right."];
        List<int> written = [];
        int carry = 0;
        int count = Math.Max(DigitCount(problem.Left), DigitCount(problem.Right));
        for (int place = 0; place < count; place++)
        {
            int left = Digit(problem.Left, place), right = Digit(problem.Right, place);
            int sum = left + right + carry;
            string terms = $"{left} + {right}{(carry > 0 ? " + 1" : "")} = {sum}";
            carry = place + 1 < count && sum > 9 ? 1 : 0;
            written.Insert(0, carry > 0 ? sum - 10 : sum);
            steps.Add($"{Places[place]}: {terms}, write {written[0]}{(carry > 0 ? ", carry 1" : "")}.");
        }

        steps.Add($"From the left: {string.Join(", ", written)}. The sum is {problem.Result}.");
        return steps;
    }

    private static List<string> Subtract(ArithmeticProblem problem)
    {
        bool isNegative = problem.Left < problem.Right;
        (int large, int small) = isNegative ? (problem.Right, problem.Left) : (problem.Left, problem.Right);
        List<string> steps =
        [
            isNegative
                ? $"{problem.Expression}: {small} is less than {large}, so the answer is negative. I compute {large} - {small} from the right."
                : $"{problem.Expression}: I subtract digit by digit, from the right.",
        ];
        List<int> written = [];
        int borrow = 0;
        for (int place = 0; place < DigitCount(large); place++)
        {
            int top = Digit(large, place);
            string taken = $"{Digit(small, place)}{(borrow > 0 ? " - 1" : "")}";
            int difference = top - Digit(small, place) - borrow;
            bool isBelow = difference < 0;
            string terms = isBelow
                ? $"{top} - {taken} is below 0, so {top + 10} - {taken} = {difference + 10}"
                : $"{top} - {taken} = {difference}";
            borrow = isBelow ? 1 : 0;
            written.Insert(0, isBelow ? difference + 10 : difference);
            steps.Add($"{Places[place]}: {terms}, write {written[0]}{(isBelow ? ", borrow 1" : "")}.");
        }

        string ending = isNegative ? $", so the answer is {problem.Result}" : "";
        steps.Add($"From the left: {string.Join(", ", written)}. The difference is {large - small}{ending}.");
        return steps;
    }

    private static int DigitCount(int number) => number < 10 ? 1 : number < 100 ? 2 : 3;

    private static int Digit(int number, int place) => place switch
    {
        0 => number % 10,
        1 => number / 10 % 10,
        _ => number / 100 % 10,
    };
}
