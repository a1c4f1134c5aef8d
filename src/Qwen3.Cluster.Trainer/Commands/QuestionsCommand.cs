using System.CommandLine;
using Qwen3.Cluster.Trainer.Evaluation;

namespace Qwen3.Cluster.Trainer.Commands;

/// <summary><c>questions</c>: writes held-out questions as JSONL, for <c>qwen3 eval</c> and others.</summary>
internal static class QuestionsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Option<string> output = new("--out") { Description = "The file.", Required = true };
        Option<int> count = CountOption.Create("--count", "Questions of each task, difficulty and language.", 20);
        Option<ulong> seed = new("--seed") { Description = "Another seed gives other questions.", DefaultValueFactory = _ => 1 };
        Command command = new("questions", "Write questions that no training has seen, with their answers, as JSONL.") { output, count, seed };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(output)!;
            string[] lines = [.. QuestionSet.Draw(parsed.GetValue(seed), parsed.GetValue(count)).Select(QuestionSet.ToJson)];
            AtomicFile.WriteText(path, string.Concat(lines.Select(line => line + "\n")));
            parsed.InvocationConfiguration.Error.WriteLine($"{lines.Length} questions are in {path}.");
            return ExitCode.Success;
        });
        return command;
    }
}
