using Qwen3.Cluster.Cli.Evaluation.Results;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation;

/// <summary>Results as a run has them.</summary>
internal static class ScriptedResult
{
    public static EvalResult Of(
        string setting, string question, bool isRight, string group = "easy", double seconds = 1, uint thinking = 0, uint reply = 2, uint dropped = 0, int sample = 0) =>
        new(setting, question, sample, group, "sum", isRight, "85", seconds, thinking, reply, dropped, "deep", thinking > 0 ? "model" : "", "stop", null);

    public static EvalResult Refusal(string setting, string question, string group = "easy") =>
        new(setting, question, 0, group, "sum", false, "", 9, 0, 0, 0, "", "", "", "The queue is full.");
}
