using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public sealed class ModelPortfolioTests : IAsyncLifetime
{
    private readonly ModelStore _store = new(
        Options.Create(new Qwen3Options
        {
            Models =
            [
                new ModelOptions { Name = "dense", Directory = TinyChatModel.Dense.Value },
                new ModelOptions { Name = "moe", Directory = TinyChatModel.Moe.Value },
                new ModelOptions { Name = "gone", Directory = "/nowhere" },
            ],
        }),
        TimeProvider.System,
        NullLogger<ModelStore>.Instance);

    private ModelPortfolio _portfolio = null!;
    private ModelFiles _moe = null!;
    private ModelFiles _dense = null!;

    [Fact]
    public async Task A_name_means_one_model_and_auto_all_that_can_be_opened()
    {
        Assert.Equal(["moe"], Names(await _portfolio.Open("moe")));
        Assert.Equal(["dense"], Names(await _portfolio.Open("")));
        Assert.Equal(["dense", "moe"], Names(await _portfolio.Open("auto")));
        await Assert.ThrowsAsync<ModelUnavailableException>(() => _portfolio.Open("gone"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _portfolio.Open("other"));
    }

    [Fact]
    public void A_limit_takes_the_most_experts_that_fit()
    {
        long[] active = [.. _moe.Activations.Select(activation => activation.ActiveParameters)];
        Assert.Equal([1, 2, 3, 4], _moe.Activations.Select(activation => activation.ExpertsPerToken));
        Assert.Equal(
            [_moe.Checkpoint.Config.Parameters.Active(1), _moe.Checkpoint.Config.Parameters.Active(4)], [active[0], active[3]]);

        Assert.Equal([null, 1, 1, 2, 3, 4], new[] { active[0] - 1, active[0], active[1] - 1, active[1], active[3] - 1, active[3] }.Select(Experts));
        Assert.Equal(4, Experts(long.MaxValue));

        // The model's own k is no limit to the router.
        Assert.Null(ModelPortfolio.Within([_moe], active[3])[0].MaxExperts);
        Assert.Equal(3, ModelPortfolio.Within([_moe], active[2])[0].MaxExperts);
        Assert.Null(ModelPortfolio.Within([_dense], null)[0].MaxExperts);

        int? Experts(long limit) => ModelPortfolio.Within([_moe], limit).SingleOrDefault()?.Activation.ExpertsPerToken;
    }

    [Fact]
    public void Candidates_come_by_what_they_activate_the_most_first()
    {
        long dense = _dense.Activations[0].ActiveParameters;
        int experts = _moe.Activations.Last(activation => activation.ActiveParameters < dense).ExpertsPerToken;

        Assert.True(experts is > 0 and < 4, "The dense model lies between two activations of the other.");
        Assert.Equal([("moe", 4), ("dense", 0)], Candidates(null));
        Assert.Equal([("dense", 0), ("moe", experts)], Candidates(dense));
        Assert.Equal([("moe", experts)], Candidates(dense - 1));
        Assert.Empty(Candidates(1));

        IEnumerable<(string Name, int Experts)> Candidates(long? limit) =>
            ModelPortfolio.Within([_dense, _moe], limit).Select(choice => (choice.Model.Name, choice.Activation.ExpertsPerToken));
    }

    [Fact]
    public async Task A_limit_below_the_least_is_refused_with_the_least_and_with_who_could()
    {
        long dense = _dense.Activations[0].ActiveParameters;
        long least = _moe.Activations[0].ActiveParameters;

        string byName = await Refusal([_dense], dense - 1);
        Assert.Contains($"at least {dense}", byName, StringComparison.Ordinal);
        Assert.Contains("'moe' can", byName, StringComparison.Ordinal);
        string nobody = await Refusal([_dense], 5);
        Assert.Contains($"at least {dense}", nobody, StringComparison.Ordinal);
        Assert.Contains("no other model", nobody, StringComparison.Ordinal);
        Assert.Contains($"at least {least}, which 'moe' uses with one expert", await Refusal([_dense, _moe], 5), StringComparison.Ordinal);

        async Task<string> Refusal(ModelFiles[] models, long limit)
        {
            var refusal = await Assert.ThrowsAsync<InvalidRequestException>(
                () => _portfolio.Choose(models, new BudgetSettings { MaxActiveParameters = limit }, _ => null));
            Assert.Equal("budget.max_active_parameters", Assert.Single(refusal.Violations).Field);
            return refusal.Message;
        }
    }

    [Fact]
    public async Task A_model_without_the_mode_is_no_candidate()
    {
        IReadOnlyList<ModelChoice> choices = await _portfolio.Choose([_dense, _moe], new BudgetSettings(), model => model == _moe ? "cannot" : null);
        Assert.Equal(["dense"], choices.Select(choice => choice.Model.Name));

        var refusal = await Assert.ThrowsAsync<InvalidRequestException>(() => _portfolio.Choose([_moe], new BudgetSettings(), _ => "cannot"));
        Assert.Equal(("mode", "cannot"), (refusal.Violations[0].Field, refusal.Violations[0].Description));
    }

    public async ValueTask InitializeAsync()
    {
        _portfolio = new ModelPortfolio(_store);
        (_dense, _moe) = (await _store.Open("dense"), await _store.Open("moe"));
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private static IEnumerable<string> Names(IEnumerable<ModelFiles> models) => models.Select(model => model.Name);
}
