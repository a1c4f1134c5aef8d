using System.CommandLine;
using System.Globalization;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Trainer.Data.Arithmetic;
using Qwen3.Cluster.Trainer.Evaluation;

namespace Qwen3.Cluster.Trainer.Commands;

/// <summary><c>eval</c>: how many held-out sums and differences a model answers exactly, in each mode.</summary>
internal static class EvalCommand
{
    private const int LargestList = 20;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Argument<string?> directory = new("directory")
        {
            Description = "The model's directory; without one the model that comes along.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<int> count = CountOption.Create("--count", "Questions in each mode.", 1000);
        Option<ulong> seed = new("--seed") { Description = "Another seed asks other questions.", DefaultValueFactory = _ => 1 };
        Option<int> threads = CountOption.Threads();
        Command command = new("eval", "Ask held-out sums and differences, and count the exact answers.") { directory, count, seed, threads };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Evaluate(
            parsed.GetValue(directory) ?? EmbeddedModel.Directory,
            parsed.GetValue(count),
            parsed.GetValue(seed),
            parsed.GetValue(threads),
            parsed.InvocationConfiguration.Output,
            cancellationToken)));
        return command;
    }

    private static int Evaluate(string directory, int count, ulong seed, int threads, TextWriter output, CancellationToken cancellationToken)
    {
        using Exam exam = new(directory, threads, TimeProvider.System);
        foreach (bool thinks in (bool[])[false, true])
        {
            ExamResult result = exam.Run(new ArithmeticTask(heldOut: true), count, seed, thinks, cancellationToken);
            Write(thinks ? "by thinking" : "directly", result, output);
        }

        return ExitCode.Success;
    }

    private static void Write(string mode, ExamResult result, TextWriter output)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{mode}: {result.Asked - result.Wrong.Count} of {result.Asked} answered exactly, {result.Percent:F1} %"));
        foreach (WrongAnswer wrong in result.Wrong.Take(LargestList))
        {
            output.WriteLine($"  {wrong.Question} → {wrong.Actual.ReplaceLineEndings(" ")} instead of {wrong.Expected}");
        }

        if (result.Wrong.Count > LargestList)
        {
            output.WriteLine($"  … and {result.Wrong.Count - LargestList} more");
        }
    }
}
