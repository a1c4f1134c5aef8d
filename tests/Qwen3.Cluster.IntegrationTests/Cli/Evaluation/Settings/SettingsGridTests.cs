using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Settings;

public class SettingsGridTests
{
    private static readonly ModelInfo Model = new()
    {
        Name = "tiny", Activations = { Enumerable.Range(1, 4).Select(k => new Activation { ExpertsPerToken = (uint)k, ActiveParameters = 100ul + (10 * (ulong)k) }) },
    };

    [Fact]
    public void BudgetsAreForWhatThinksAndFastIsAskedOnce() => Assert.Equal(
        ["fast", "deep, 1 step", "deep, 4 steps", "deep", "deep, 0 tokens", "auto, 1 step", "auto, 4 steps", "auto", "auto, 0 tokens"],
        Names(new SettingsGrid([Mode.Fast, Mode.Deep, Mode.Auto], [1, 4, null], [0, null], [], [])));

    [Fact]
    public void ExpertsAndResponseTimesAreForAllModes() => Assert.Equal(
        ["fast, k = 2, 0.5 s", "fast, k = 2", "fast, 0.5 s", "fast", "deep, k = 2, 0.5 s", "deep, k = 2", "deep, 0.5 s", "deep"],
        Names(new SettingsGrid([Mode.Fast, Mode.Deep], [], [], [2, null], [0.5, null])));

    [Fact]
    public void ASettingBecomesTheBudgetOfARequest()
    {
        ThinkingBudget budget = new SettingsGrid([Mode.Deep], [4], [], [3], [1.5]).ToSettings(Model).Single().ToBudget();
        Assert.Equal((4u, false, 130ul), (budget.MaxSteps, budget.HasMaxThinkingTokens, budget.MaxActiveParameters));
        Assert.Equal(TimeSpan.FromSeconds(1.5), budget.ResponseTime.ToTimeSpan());
        Assert.Equal(new ThinkingBudget(), new SettingsGrid([Mode.Deep], [null], [], [null], [null]).ToSettings(Model).Single().ToBudget());
    }

    [Fact]
    public void WhatCannotBeIsRefused()
    {
        Assert.Contains("fast has none", Refused(new SettingsGrid([Mode.Fast], [1], [], [], []), Model));
        Assert.Contains("--experts is 5: tiny can ask 1 to 4", Refused(new SettingsGrid([Mode.Fast], [], [], [5], []), Model));
        Assert.Contains("--experts is 1, and dense has none", Refused(new SettingsGrid([Mode.Fast], [], [], [1], []), new ModelInfo { Name = "dense", Activations = { new Activation { ActiveParameters = 7 } } }));
        Assert.Contains("--experts needs one model", Refused(new SettingsGrid([Mode.Fast], [], [], [1], []), null));
    }

    private static string Refused(SettingsGrid grid, ModelInfo? model) => Assert.Throws<UsageException>(() => grid.ToSettings(model)).Message;

    private static IEnumerable<string> Names(SettingsGrid grid) => grid.ToSettings(Model).Select(setting => setting.Name);
}
