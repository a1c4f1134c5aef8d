using Qwen3.Cluster.Cli.Evaluation.Settings;

namespace Qwen3.Cluster.Cli.Evaluation;

/// <summary>A line for each setting that is done, for files and pipes.</summary>
public sealed class LineProgress(TextWriter output) : IEvalProgress
{
    private string _name = "";
    private int _total;

    /// <inheritdoc/>
    public void Begin(EvalSetting setting, int done, int total) => (_name, _total) = (setting.Name, total);

    /// <inheritdoc/>
    public void Advance()
    {
    }

    /// <inheritdoc/>
    public void End(double accuracy)
    {
        output.WriteLine($"{_name}: {_total:N0} {(_total == 1 ? "reply" : "replies")}, {100 * accuracy:N1} % right");
        output.Flush();
    }
}
