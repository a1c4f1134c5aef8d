using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>The models of the cluster, from which a request names one or leaves the choice open.</summary>
internal sealed class ModelPortfolio(ModelStore store)
{
    /// <summary>The models that a request may mean.</summary>
    /// <param name="name">As the request has it: of one model, empty for the default one, or <see cref="ModelName.Auto"/> for all that can be opened.</param>
    /// <returns>At least one.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelUnavailableException">It, or each of them, could not be opened.</exception>
    public async Task<IReadOnlyList<ModelFiles>> Open(string name)
    {
        if (name != ModelName.Auto)
        {
            return [await store.Open(name)];
        }

        var models = new List<ModelFiles>();
        ModelUnavailableException? problem = null;
        foreach (string each in store.Names)
        {
            try
            {
                models.Add(await store.Open(each));
            }
            catch (ModelUnavailableException exception)
            {
                // Another may do; it is in the log, and the health says so.
                problem ??= exception;
            }
        }

        return models.Count > 0 ? models : throw problem!;
    }

    /// <summary>Those that can answer a request, the largest activation first, each with as many experts as its limit allows.</summary>
    /// <param name="models">Of <see cref="Open"/>.</param>
    /// <param name="budget">The request's.</param>
    /// <param name="whyNot">Says why a model cannot answer in the mode asked for; null: it can.</param>
    /// <returns>At least one.</returns>
    /// <exception cref="InvalidRequestException">The field <c>mode</c> or <c>budget.max_active_parameters</c>: none can.</exception>
    public async Task<IReadOnlyList<ModelChoice>> Choose(
        IReadOnlyList<ModelFiles> models, BudgetSettings budget, Func<ModelFiles, string?> whyNot)
    {
        List<ModelFiles> able = [.. models.Where(model => whyNot(model) is null)];
        if (able.Count == 0)
        {
            throw new InvalidRequestException("mode", whyNot(models[0])!);
        }

        IReadOnlyList<ModelChoice> choices = Within(able, budget.MaxActiveParameters);
        return choices.Count > 0 ? choices : throw await TooFew(able, budget.MaxActiveParameters!.Value, whyNot);
    }

    /// <summary>For each model its largest activation within a limit; the largest first, of equals in the order of the configuration.</summary>
    /// <param name="models">The models.</param>
    /// <param name="limit">In parameters; null: none.</param>
    public static IReadOnlyList<ModelChoice> Within(IEnumerable<ModelFiles> models, long? limit) =>
    [
        .. from model in models
           let activation = model.Activations.LastOrDefault(activation => !(activation.ActiveParameters > limit))
           where activation is not null
           orderby activation.ActiveParameters descending
           select new ModelChoice(model, activation),
    ];

    private async Task<InvalidRequestException> TooFew(IReadOnlyList<ModelFiles> able, long limit, Func<ModelFiles, string?> whyNot)
    {
        ModelFiles least = able.MinBy(model => model.Activations[0].ActiveParameters)!;
        Activation activation = least.Activations[0];
        string uses = activation.ExpertsPerToken == 0 ? "in any case" : "with one expert a token";
        IEnumerable<ModelFiles> others = (await Open(ModelName.Auto)).Except(able).Where(model => whyNot(model) is null);
        string instead = Within(others, limit) is [var other, ..]
            ? $"; the model '{other.Model.Name}' can do with {other.Activation.ActiveParameters}"
            : "; no other model of the cluster can do with less";
        return new InvalidRequestException(
            "budget.max_active_parameters",
            $"must be at least {activation.ActiveParameters}, which '{least.Name}' uses {uses}, not {limit}{instead}.");
    }
}
