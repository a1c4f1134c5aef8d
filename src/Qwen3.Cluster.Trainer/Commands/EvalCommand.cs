using System.CommandLine;
using System.Globalization;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Trainer.Evaluation;
using Spectre.Console;

namespace Qwen3.Cluster.Trainer.Commands;

/// <summary><c>eval</c>: how many held-out questions a model answers, task by task, directly and by thinking under budgets.</summary>
internal static class EvalCommand
{
    // A table's width where the output is no terminal.
    private const int PlainWidth = 140;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Argument<string?> directory = new("directory")
        {
            Description = "The model's directory; without one the model that comes along.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<int> count = CountOption.Create("--count", "Questions of each task, difficulty and language.", 20);
        Option<ulong> seed = new("--seed") { Description = "Another seed asks other questions.", DefaultValueFactory = _ => 1 };
        Option<int> wrong = new("--wrong") { Description = "So many wrong replies of each task and mode are shown.", DefaultValueFactory = _ => 0 };
        Option<int> threads = CountOption.Threads();
        Command command = new("eval", "Ask held-out questions of all tasks directly and by thinking, under budgets, and count the right answers.")
        {
            directory, count, seed, wrong, threads,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            using Exam exam = new(parsed.GetValue(directory) ?? EmbeddedModel.Directory, parsed.GetValue(threads), TimeProvider.System);
            ExamQuestion[] questions = [.. QuestionSet.Draw(parsed.GetValue(seed), parsed.GetValue(count))];
            IReadOnlyList<ExamReply>[] replies = [.. ExamMode.All.Select(mode => exam.Run(questions, mode, cancellationToken))];
            Write(replies, parsed.GetValue(wrong), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        }));
        return command;
    }

    private static void Write(IReadOnlyList<ExamReply>[] replies, int wrong, TextWriter output)
    {
        Table table = new Table { Border = TableBorder.Simple }.AddColumn("% right of");
        foreach (ExamMode mode in ExamMode.All)
        {
            table.AddColumn(mode.Name, column => column.RightAligned());
        }

        table.AddColumn("sure", column => column.RightAligned());
        foreach (var group in replies[0].GroupBy(reply => (reply.Question.Task, reply.Question.Difficulty)))
        {
            table.AddRow(Row($"{group.Key.Task}, {group.Key.Difficulty}", replies, question => (question.Task, question.Difficulty) == group.Key));
        }

        foreach (var group in replies[0].GroupBy(reply => (reply.Question.Difficulty, reply.Question.Language)).OrderBy(group => group.Key.Difficulty))
        {
            table.AddRow(Row($"{group.Key.Difficulty}, {group.Key.Language}", replies, question => (question.Difficulty, question.Language) == group.Key));
        }

        foreach (string difficulty in (string[])["easy", "hard"])
        {
            table.AddRow(Row($"all {difficulty}", replies, question => question.Difficulty == difficulty));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = Console.IsOutputRedirected ? PlainWidth : console.Profile.Width;
        console.Write(table);
        output.WriteLine("≤n: thinking of at most n steps; sure: the mean probability of the whole direct answer, which the model itself gives it.");
        WriteTokens(replies, output);
        WriteWrong(replies, wrong, output);
    }

    private static string[] Row(string name, IReadOnlyList<ExamReply>[] replies, Func<ExamQuestion, bool> isMeant) =>
    [
        name,
        .. replies.Select(ofMode => Percent(ofMode.Where(reply => isMeant(reply.Question)).Average(reply => reply.IsRight ? 1 : 0.0))),
        Percent(replies[0].Where(reply => isMeant(reply.Question)).Average(reply => reply.Sureness)),
    ];

    private static string Percent(double part) => (100 * part).ToString("F1", CultureInfo.InvariantCulture);

    private static void WriteTokens(IReadOnlyList<ExamReply>[] replies, TextWriter output)
    {
        foreach ((ExamMode mode, IReadOnlyList<ExamReply> ofMode) in ExamMode.All.Zip(replies))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mode.Name}: {ofMode.Average(reply => reply.Tokens):F1} tokens a reply"));
        }
    }

    private static void WriteWrong(IReadOnlyList<ExamReply>[] replies, int most, TextWriter output)
    {
        foreach ((ExamMode mode, IReadOnlyList<ExamReply> ofMode) in ExamMode.All.Zip(replies).Where(each => each.First.MaxSteps is null))
        {
            foreach (var group in ofMode.Where(reply => !reply.IsRight).GroupBy(reply => (reply.Question.Task, reply.Question.Difficulty)))
            {
                foreach (ExamReply reply in group.Take(most))
                {
                    output.WriteLine($"{mode.Name}, {reply.Question.Id}: {reply.Question.Question} → {reply.Answer} instead of {reply.Question.Answer}");
                    output.WriteLine(reply.Thinking.Length == 0 ? "" : $"    {reply.Thinking.ReplaceLineEndings("\n    ")}");
                }
            }
        }
    }
}
