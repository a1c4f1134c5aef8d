using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Compute;

namespace Qwen3.Cluster.UnitTests.Silo.Compute;

public class LoadingTests
{
    private readonly FakeTimeProvider _time = new();
    private int _loads;

    [Fact]
    public async Task All_who_ask_get_what_was_loaded_once()
    {
        var gate = new TaskCompletionSource<string>();
        Loading<string> loading = Create(() => gate.Task);
        Task<string> first = loading.Get(), second = loading.Get();
        Assert.False(loading.IsLoaded);

        gate.SetResult("weights");

        Assert.Equal(("weights", "weights", "weights"), (await first, await second, await loading.Get()));
        Assert.Equal((true, 1), (loading.IsLoaded, _loads));
    }

    [Fact]
    public async Task Another_node_that_did_not_answer_is_asked_again_at_once()
    {
        bool fails = true;
        Loading<string> loading = Create(() => fails ? throw new Orleans.Runtime.SiloUnavailableException("gone") : Task.FromResult("weights"));
        await Assert.ThrowsAsync<Orleans.Runtime.SiloUnavailableException>(loading.Get);

        fails = false;
        Assert.Equal(("weights", 2), (await loading.Get(), _loads));
    }

    [Fact]
    public async Task A_failure_holds_for_a_while_and_then_the_first_to_ask_makes_it_try_again()
    {
        bool fails = true;
        Loading<string> loading = Create(() => fails ? throw new IOException("no disk") : Task.FromResult("weights"));

        var failure = await Assert.ThrowsAsync<ModelUnavailableException>(loading.Get);
        Assert.Equal(("The model 'm' could not be loaded: no disk", "m", TimeSpan.FromSeconds(30)), (failure.Message, failure.Model, failure.RetryAfter));

        fails = false;
        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Same(failure, await Assert.ThrowsAsync<ModelUnavailableException>(loading.Get));
        Assert.Equal((false, 1), (loading.IsLoaded, _loads));

        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("weights", await loading.Get());
        Assert.Equal((true, 2), (loading.IsLoaded, _loads));
    }

    [Fact]
    public async Task The_time_of_a_failure_counts_from_the_failure_and_each_one_anew()
    {
        Loading<string> loading = Create(async () =>
        {
            await Task.Yield();
            _time.Advance(TimeSpan.FromSeconds(100));
            throw new ModelUnavailableException("m", null, "damaged");
        });

        for (int attempt = 1; attempt <= 3; attempt++)
        {
            Assert.Equal("damaged", (await Assert.ThrowsAsync<ModelUnavailableException>(loading.Get)).Message);
            await Assert.ThrowsAsync<ModelUnavailableException>(loading.Get);
            Assert.Equal(attempt, _loads);
            _time.Advance(TimeSpan.FromSeconds(30));
        }
    }

    private Loading<string> Create(Func<Task<string>> load) => new(
        "m",
        () =>
        {
            _loads++;
            return load();
        },
        TimeSpan.FromSeconds(30),
        _time);
}
