using System.CommandLine;
using Qwen3.Cluster.Cli.Evaluation;
using Qwen3.Cluster.Cli.Evaluation.Charts;
using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Cli.Evaluation.Results;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;
using ModelName = Qwen3.Cluster.Contracts.Messages.ModelName;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 eval</c>: how often a model is right, for what it spends, under modes, budgets, experts and response times.</summary>
public static class EvalCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal, Option<bool> verbose)
    {
        Option<string?> output = new("--out")
        {
            Description = "A directory for each reply, the summary and the pictures. A run that was stopped goes on with the same command.",
        };
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };
        Command command = new("eval", "Measure a model's accuracy, tokens and latency on questions with known answers.") { output, noColor };
        EvalArguments arguments = new(command);
        ClusterArguments cluster = new(command);
        command.SetAction(async parsed =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            IReadOnlyList<QuestionFile> files = arguments.ReadQuestions(parsed);

            // A refusal is a result: it is counted, not tried again.
            await using ClusterConnection connection = await cluster.ConnectAsync(parsed, parsed.GetValue(verbose), retries: false);
            ModelInfo? model = await FindAsync(connection);
            IReadOnlyList<EvalSetting> settings = arguments.ReadGrid(parsed).ToSettings(model);
            EvalPlan plan = arguments.ReadPlan(parsed, model?.Name ?? connection.Model, model, files, settings);
            ChatRequest template = new()
            {
                Model = plan.Model, Sampling = new Sampling { Temperature = plan.Temperature, Seed = plan.Seed },
            };
            if (plan.MaxTokens is { } tokens)
            {
                template.Sampling.MaxTokens = tokens;
            }

            EvalRun run = new(
                [.. files.SelectMany(file => file.Questions)], settings, template, plan.Samples, plan.Concurrency, connection.Client.ChatAsync, TimeProvider.System);
            string? directory = parsed.GetValue(output);
            if (directory is not null)
            {
                plan.Claim(directory);
            }

            using ResultFile? kept = directory is null ? null : ResultFile.Open(directory);
            List<EvalResult> results = [.. kept?.Read ?? []];
            bool isWhole = await RunAsync(run, results, result => kept?.Append(result), shown);
            Report(EvalSummary.Of(settings, results), directory, shown);
            if (isWhole)
            {
                return ExitCode.Success;
            }

            shown.Error.WriteLine($"Stopped after {results.Count:N0} of {run.Total:N0} replies. " + (directory is null
                ? "With --out the next run could have gone on from here."
                : "The same command goes on from here."));
            return ExitCode.Interrupted;
        });
        return command;
    }

    // The name of a server's first model is known only to the server.
    private static async Task<ModelInfo?> FindAsync(ClusterConnection connection)
    {
        if (connection.Model == ModelName.Auto)
        {
            return null;
        }

        IReadOnlyList<ModelInfo> models = await connection.Client.ListModelsAsync();
        return models.FirstOrDefault(model => connection.Model.Length == 0 || model.Name == connection.Model)
            ?? throw new UsageException(models.Count == 0
                ? "the server has no model that could be asked."
                : $"the server has no model {connection.Model}; it has {string.Join(", ", models.Select(model => model.Name))}.");
    }

    /// <summary>Runs with a progress that suits the terminal.</summary>
    /// <returns>False when Ctrl-C stopped it.</returns>
    private static async Task<bool> RunAsync(EvalRun run, List<EvalResult> results, Action<EvalResult> store, CommandTerminal terminal)
    {
        using InterruptSignal interrupt = new();
        using CancellationTokenSource stop = new();
        using IDisposable watch = interrupt.Cancels(stop);
        try
        {
            Task Work(IEvalProgress progress) => run.RunAsync(results, store, progress, stop.Token);
            await (terminal.Error.Capabilities.Ansi
                ? BarProgress.RunAsync(TableText.ConsoleOf(terminal.ErrorText, terminal.Width, hasStyles: true), Work)
                : Work(new LineProgress(terminal.ErrorText)));
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static void Report(IReadOnlyList<EvalSummary> summaries, string? directory, CommandTerminal terminal)
    {
        foreach (string line in SummaryText.Render(summaries, terminal.Width, terminal.Out.Capabilities.Ansi))
        {
            terminal.OutText.WriteLine(line);
        }

        if (directory is null)
        {
            return;
        }

        string csv = Path.Combine(directory, SummaryCsv.FileName);
        SummaryCsv.Write(csv, summaries);
        terminal.Error.WriteLine(string.Join(", ", [Path.Combine(directory, ResultFile.FileName), csv, .. AccuracyChart.Write(directory, summaries)]));
    }
}
