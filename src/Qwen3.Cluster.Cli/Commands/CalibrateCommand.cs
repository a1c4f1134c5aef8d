using System.CommandLine;
using Qwen3.Cluster.Cli.Calibration;
using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Spectre.Console;
using static System.FormattableString;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 calibrate</c>: finds when the mode AUTO may keep a model's direct answer, on questions whose answers are known.</summary>
public static class CalibrateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal, Option<bool> verbose)
    {
        Option<string?> questions = new("--questions") { Description = "A file of questions, a JSON object a line. Without it: the set that comes along." };
        Option<int?> limit = NumberOption.Whole<int>("--limit", "Ask only so many, spread evenly over the file.");
        Option<float?> loss = NumberOption.Fraction("--loss", "Points of accuracy that AUTO may be below DEEP; without it 1.");
        Option<int> probe = NumberOption.Whole(
            "--probe-tokens", "First tokens of an answer that AUTO looks at.", least: 1, otherwise: new AutoCalibration().ProbeTokens);
        Option<ulong?> seed = NumberOption.Whole<ulong>("--seed", "Of every reply; without it 1.");
        Option<uint?> maxTokens = NumberOption.Whole<uint>("--max-tokens", "Tokens of a reply, thinking included.");
        Option<bool> write = new("--write") { Description = $"Write {AutoCalibration.FileName} beside the model; else the settings are only shown." };
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };
        Command command = new("calibrate", "Find out when the mode AUTO may keep a model's direct answer: the fewest tokens for about DEEP's accuracy.")
        {
            questions, limit, loss, probe, seed, maxTokens, write, noColor,
        };
        ClusterArguments cluster = new(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            int probeTokens = parsed.GetValue(probe);
            if (probeTokens > AutoCalibration.MostProbeTokens)
            {
                throw new UsageException($"--probe-tokens is {probeTokens}: AUTO looks at {AutoCalibration.MostProbeTokens} at most.");
            }

            QuestionFile file = QuestionFile.Read(parsed.GetValue(questions) ?? QuestionFile.Embedded, parsed.GetValue(limit), runner: null);
            await using ClusterConnection connection = await cluster.ConnectAsync(parsed, parsed.GetValue(verbose));
            if (parsed.GetValue(write) && connection.Directory is null)
            {
                throw new UsageException("--write is for a model of this process: that of --server is elsewhere, so take the settings that are shown over to it.");
            }

            if (connection.Model == ModelName.Auto)
            {
                throw new UsageException("a threshold is one model's own: name the model with --model, and not auto.");
            }

            var run = new CalibrationRun(connection.Client, connection.Model, probeTokens, parsed.GetValue(seed) ?? 1, parsed.GetValue(maxTokens));
            CalibrationAnswer[] answers = await AskAsync(run, file.Questions, shown, cancellationToken);
            var choice = new ThresholdChoice(answers, probeTokens);
            IReadOnlyList<CalibrationRow> rows = choice.All();
            CalibrationRow chosen = choice.Choose(rows, (parsed.GetValue(loss) ?? 1) / 100);
            foreach (string line in CalibrationText.Render(ThresholdChoice.Tenths(rows), chosen, rows[^1], shown.Width, shown.Out.Capabilities.Ansi))
            {
                shown.OutText.WriteLine(line);
            }

            Keep(new AutoCalibration { Threshold = chosen.Threshold, ProbeTokens = probeTokens }, parsed.GetValue(write) ? connection.Directory : null, shown);
        });
        return command;
    }

    private static async Task<CalibrationAnswer[]> AskAsync(
        CalibrationRun run, IReadOnlyList<EvalQuestion> questions, CommandTerminal terminal, CancellationToken cancellationToken)
    {
        if (!terminal.Error.Capabilities.Ansi)
        {
            return await run.AskAsync(questions, () => { }, cancellationToken);
        }

        return await TableText.ConsoleOf(terminal.ErrorText, terminal.Width, hasStyles: true).Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask bar = context.AddTask("questions, at once and after thinking", maxValue: questions.Count);
                return run.AskAsync(questions, () => bar.Increment(1), cancellationToken);
            });
    }

    private static void Keep(AutoCalibration calibration, string? directory, CommandTerminal terminal)
    {
        if (directory is null)
        {
            terminal.OutText.WriteLine(Invariant($"Qwen3:Models:0:Auto:Threshold={calibration.Threshold:R}"));
            terminal.OutText.WriteLine(Invariant($"Qwen3:Models:0:Auto:ProbeTokens={calibration.ProbeTokens}"));
            return;
        }

        calibration.Save(directory);
        terminal.OutText.WriteLine($"{AutoCalibration.PathOf(directory)} is written; a cluster reads it when it opens the model.");
    }
}
