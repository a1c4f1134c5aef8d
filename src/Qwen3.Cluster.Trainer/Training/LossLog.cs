using System.Globalization;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>The losses of a phase as CSV: a line for every few steps, means since the line before.</summary>
internal sealed class LossLog : IDisposable
{
    private const string Header = "step,tokens,loss,balance,learning_rate";

    private readonly StreamWriter _writer;
    private readonly int _interval;
    private double _loss;
    private double _balance;
    private int _count;

    /// <summary>Opens the log of a run and keeps the lines up to a step: what was logged after the last saved state is done again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="interval">Steps of a line; a run that is stopped has to be stopped at a multiple of it for its lines to be those of one that was not.</param>
    /// <param name="stepsDone">Where the run goes on; 0: a new one.</param>
    public LossLog(string path, int interval, long stepsDone)
    {
        _interval = interval;
        IEnumerable<string> kept = stepsDone > 0 && File.Exists(path)
            ? File.ReadLines(path).Skip(1).Where(line => long.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out long step) && step <= stepsDone)
            : [];
        AtomicFile.WriteText(path, string.Concat(kept.Prepend(Header).Select(line => line + "\n")));
        _writer = new StreamWriter(path, append: true) { AutoFlush = true, NewLine = "\n" };
    }

    /// <summary>Takes a step.</summary>
    public void Add(TrainingProgress progress)
    {
        _loss += progress.Loss;
        _balance += progress.Balance;
        _count++;
        if (progress.StepsDone % _interval == 0 || progress.StepsDone == progress.Steps)
        {
            _writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{progress.StepsDone},{progress.Tokens},{_loss / _count:F5},{_balance / _count:F4},{progress.LearningRate:G4}"));
            (_loss, _balance, _count) = (0, 0, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();
}
