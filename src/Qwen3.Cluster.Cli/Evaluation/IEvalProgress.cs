using Qwen3.Cluster.Cli.Evaluation.Settings;

namespace Qwen3.Cluster.Cli.Evaluation;

/// <summary>Shows how far a run is. For one caller at a time.</summary>
public interface IEvalProgress
{
    /// <summary>A setting begins.</summary>
    /// <param name="setting">Which.</param>
    /// <param name="done">Of its replies, what is there already.</param>
    /// <param name="total">Its replies in all; 1 or more.</param>
    void Begin(EvalSetting setting, int done, int total);

    /// <summary>A reply of it is there.</summary>
    void Advance();

    /// <summary>All of its replies are there.</summary>
    /// <param name="accuracy">The share that is right, 0 to 1.</param>
    void End(double accuracy);
}
