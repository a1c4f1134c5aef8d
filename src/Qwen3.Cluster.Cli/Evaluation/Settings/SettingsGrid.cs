using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Evaluation.Settings;

/// <summary>
/// Modes × budgets × experts × response times. A budget is one limit of steps or one of tokens, and nothing to a reply without thinking: fast is asked
/// once. In each list null stands for no limit.
/// </summary>
/// <param name="Modes">At least one.</param>
/// <param name="MaxSteps">May be empty.</param>
/// <param name="MaxThinkingTokens">May be empty.</param>
/// <param name="Experts">May be empty.</param>
/// <param name="ResponseTimes">In seconds; may be empty.</param>
public sealed record SettingsGrid(
    IReadOnlyList<Mode> Modes,
    IReadOnlyList<uint?> MaxSteps,
    IReadOnlyList<uint?> MaxThinkingTokens,
    IReadOnlyList<uint?> Experts,
    IReadOnlyList<double?> ResponseTimes)
{
    /// <summary>All settings, each once.</summary>
    /// <param name="model">Says what a number of experts comes to; null: the model of each request is the server's to choose.</param>
    /// <exception cref="UsageException">There are budgets without a mode that thinks, or the model cannot ask so many experts.</exception>
    public IReadOnlyList<EvalSetting> ToSettings(ModelInfo? model)
    {
        if (MaxSteps.Concat(MaxThinkingTokens).Any() && Modes.All(mode => mode == Mode.Fast))
        {
            throw new UsageException("--max-steps and --max-thinking-tokens limit the thinking, and fast has none: add deep or auto to --modes.");
        }

        EvalSetting[] settings =
        [
            .. from mode in Modes
               from budget in mode == Mode.Fast ? [(null, null)] : Budgets()
               from experts in OrNone(Experts)
               from time in OrNone(ResponseTimes)
               select new EvalSetting(mode, budget.Steps, budget.Tokens, experts, experts is { } k ? LimitFor(k, model) : null, time),
        ];
        return [.. settings.DistinctBy(setting => setting.Name)];
    }

    private IReadOnlyList<(uint? Steps, uint? Tokens)> Budgets()
    {
        (uint?, uint?)[] budgets = [.. MaxSteps.Select(steps => (steps, (uint?)null)), .. MaxThinkingTokens.Select(tokens => ((uint?)null, tokens))];
        return budgets.Length > 0 ? budgets : [(null, null)];
    }

    private static IReadOnlyList<T?> OrNone<T>(IReadOnlyList<T?> values)
        where T : struct => values.Count > 0 ? values : [null];

    private static ulong LimitFor(uint experts, ModelInfo? model)
    {
        if (model is null)
        {
            throw new UsageException("--experts needs one model, which --model auto does not name.");
        }

        uint[] known = [.. model.Activations.Select(activation => activation.ExpertsPerToken).Where(k => k > 0)];
        return model.Activations.FirstOrDefault(activation => activation.ExpertsPerToken == experts && experts > 0)?.ActiveParameters
            ?? throw new UsageException(known.Length > 0
                ? $"--experts is {experts}: {model.Name} can ask {known.Min()} to {known.Max()} for a token."
                : $"--experts is {experts}, and {model.Name} has none.");
    }
}
