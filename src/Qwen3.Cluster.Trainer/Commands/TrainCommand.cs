using System.CommandLine;
using System.Globalization;
using Qwen3.Cluster.Torch.Loading;
using Qwen3.Cluster.Trainer.Training;
using Spectre.Console;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Commands;

/// <summary><c>train</c>: makes the model that comes along, or one like it with another seed; a command for each phase, and one for all.</summary>
internal static class TrainCommand
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(2);

    // Where the standard error is no terminal there is a line now and then instead of a bar.
    private const int StepsPerLine = 100;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Command command = new("train", "Train a small Qwen3-MoE, phase by phase. A phase that was stopped goes on with the same command.");
        IReadOnlyList<TrainingPhase> phases = Curriculum.Embedded.Phases;
        for (int phase = 0; phase < phases.Count; phase++)
        {
            command.Add(CreatePhase(phases[phase].Name, phases[phase].Description, phase, 1));
        }

        command.Add(CreatePhase("all", "All phases, one after the other; those that have ended are not done again.", 0, phases.Count));
        return command;
    }

    private static Command CreatePhase(string name, string description, int first, int count)
    {
        Option<string> output = new("--out") { Description = "The directory of the run, which gets the model.", Required = true };
        Option<ulong> seed = new("--seed") { Description = "Of the data and the first weights.", DefaultValueFactory = _ => 1 };
        Option<double> scale = new("--scale") { Description = "How long to train, as a part of the whole: 0.1 for a try.", DefaultValueFactory = _ => 1 };
        scale.Validators.Add(result =>
        {
            if (result.GetValue(scale) is <= 0 or > 100 or double.NaN)
            {
                result.AddError("--scale has to be above 0 and at most 100.");
            }
        });
        Option<int> threads = CountOption.Threads();
        Command command = new(name, description) { output, seed, scale, threads };
        // On a thread of its own: Ctrl-C is listened to only once the action has returned its task.
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            NativeTorch.Load();
            set_num_threads(parsed.GetValue(threads));
            TrainingPlan plan = new() { Seed = parsed.GetValue(seed), Scale = parsed.GetValue(scale) };
            return Train(plan, first, count, parsed.GetValue(output)!, parsed.InvocationConfiguration.Error, cancellationToken);
        }));
        return command;
    }

    private static int Train(TrainingPlan plan, int first, int count, string directory, TextWriter error, CancellationToken cancellationToken)
    {
        for (int phase = first; phase < first + count; phase++)
        {
            string name = plan.Curriculum.Phases[phase].Name;
            if (TrainingRun.IsDone(plan, phase, directory))
            {
                error.WriteLine($"The phase '{name}' has ended in {directory} already; to train anew, give another --out.");
                continue;
            }

            using TrainingRun run = TrainingRun.Open(plan, phase, directory, TimeProvider.System);
            try
            {
                Show(run, name, error, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                error.WriteLine($"Stopped after {run.StepsDone} of {run.Steps} steps of the phase '{name}'; the same command goes on.");
                return ExitCode.Interrupted;
            }

            LossChart.Write(plan.Curriculum, directory);
            error.WriteLine($"The model after the phase '{name}' is in {directory}.");
        }

        return ExitCode.Success;
    }

    private static void Show(TrainingRun run, string phase, TextWriter error, CancellationToken cancellationToken)
    {
        if (Console.IsErrorRedirected)
        {
            run.Run(SaveInterval, progress => WriteLine(phase, progress, error), cancellationToken);
            return;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        console.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                ProgressTask bar = context.AddTask($"{phase}: the first step", maxValue: run.Steps);
                run.Run(
                    SaveInterval,
                    progress =>
                    {
                        bar.Value = progress.StepsDone;
                        bar.Description = $"{phase}: {Describe(progress)}";
                    },
                    cancellationToken);
            });
    }

    private static void WriteLine(string phase, TrainingProgress progress, TextWriter error)
    {
        if (progress.StepsDone % StepsPerLine == 0 || progress.StepsDone == progress.Steps)
        {
            error.WriteLine($"{phase}, step {progress.StepsDone} of {progress.Steps}: {Describe(progress)}");
        }
    }

    private static string Describe(TrainingProgress progress) => string.Create(
        CultureInfo.InvariantCulture,
        $@"loss {progress.Loss:F4} · {progress.TokensPerSecond:N0} tokens/s · {progress.Remaining:hh\:mm\:ss} left");
}
