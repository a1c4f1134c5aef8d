using Qwen3.Cluster.Cli.Evaluation.Settings;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Evaluation;

/// <summary>A bar for each setting, with the time that is left, for a screen.</summary>
public sealed class BarProgress(ProgressContext bars) : IEvalProgress
{
    private ProgressTask? _bar;

    /// <summary>Shows bars for as long as some work takes.</summary>
    public static Task RunAsync(IAnsiConsole console, Func<IEvalProgress, Task> work) => console.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .StartAsync(context => work(new BarProgress(context)));

    /// <inheritdoc/>
    public void Begin(EvalSetting setting, int done, int total)
    {
        _bar = bars.AddTask(Markup.Escape(setting.Name), autoStart: true, maxValue: total);
        _bar.Increment(done);
    }

    /// <inheritdoc/>
    public void Advance() => _bar!.Increment(1);

    /// <inheritdoc/>
    public void End(double accuracy)
    {
        _bar!.Description += $", {100 * accuracy:N1} %";
        _bar.StopTask();
    }
}
