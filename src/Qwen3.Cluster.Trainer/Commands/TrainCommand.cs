using System.CommandLine;
using System.Globalization;
using Qwen3.Cluster.Torch.Loading;
using Qwen3.Cluster.Trainer.Training;
using Spectre.Console;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Commands;

/// <summary><c>train</c>: makes the model that comes along, or one like it with another seed.</summary>
internal static class TrainCommand
{
    private const long DefaultTokens = 22_000_000;
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(2);

    // Where the standard error is no terminal there is a line now and then instead of a bar.
    private const int StepsPerLine = 100;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Option<string> output = new("--out") { Description = "The directory that gets the model.", Required = true };
        Option<ulong> seed = new("--seed") { Description = "Of the data and the first weights.", DefaultValueFactory = _ => 1 };
        Option<long> tokens = CountOption.Create("--tokens", "How long to train.", DefaultTokens);
        Option<bool> resume = new("--resume") { Description = "Go on with the run that was stopped in --out, under the same options." };
        Option<int> threads = CountOption.Threads();
        Command command = new("train", "Train a small Qwen3-MoE that does arithmetic.") { output, seed, tokens, resume, threads };
        // On a thread of its own: Ctrl-C is listened to only once the action has returned its task.
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            NativeTorch.Load();
            set_num_threads(parsed.GetValue(threads));
            TrainingPlan plan = new() { Seed = parsed.GetValue(seed), Tokens = parsed.GetValue(tokens) };
            return Train(plan, parsed.GetValue(output)!, parsed.GetValue(resume), parsed.InvocationConfiguration.Error, cancellationToken);
        }));
        return command;
    }

    private static int Train(TrainingPlan plan, string directory, bool resumes, TextWriter error, CancellationToken cancellationToken)
    {
        using TrainingRun run = resumes
            ? TrainingRun.Resume(plan, directory, TimeProvider.System)
            : TrainingRun.Begin(plan, directory, TimeProvider.System);
        try
        {
            Show(run, plan, error, cancellationToken);
            error.WriteLine($"The model is in {directory}.");
            return ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine($"Stopped after {run.StepsDone} of {plan.Steps} steps; the same command with --resume goes on.");
            return ExitCode.Interrupted;
        }
    }

    private static void Show(TrainingRun run, TrainingPlan plan, TextWriter error, CancellationToken cancellationToken)
    {
        if (Console.IsErrorRedirected)
        {
            run.Run(SaveInterval, progress => WriteLine(progress, error), cancellationToken);
            return;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        console.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                ProgressTask bar = context.AddTask("the first step", maxValue: plan.Steps);
                run.Run(
                    SaveInterval,
                    progress =>
                    {
                        bar.Value = progress.StepsDone;
                        bar.Description = Describe(progress);
                    },
                    cancellationToken);
            });
    }

    private static void WriteLine(TrainingProgress progress, TextWriter error)
    {
        if (progress.StepsDone % StepsPerLine == 0 || progress.StepsDone == progress.Steps)
        {
            error.WriteLine($"step {progress.StepsDone} of {progress.Steps}: {Describe(progress)}");
        }
    }

    private static string Describe(TrainingProgress progress) => string.Create(
        CultureInfo.InvariantCulture,
        $@"loss {progress.Loss:F4} · {progress.TokensPerSecond:N0} tokens/s · {progress.Remaining:hh\:mm\:ss} left");
}
