using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

/// <summary>A request before replicas that refuse it: what its reader gets, and whom it asked.</summary>
public sealed class RoutedRequestTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ScriptedRouter[] _routers = [new(), new(), new()];

    [Fact]
    public async Task If_no_replica_can_be_in_time_the_shortest_time_of_all_is_told()
    {
        _routers[0].Refusal = new ResponseTimeException(5 * Second, 3 * Second, "Late.");
        _routers[1].Refusal = new ResponseTimeException(2 * Second, 3 * Second, "Less late.");
        _routers[2].Refusal = new ResponseTimeException(4 * Second, 3 * Second, "Late.");
        Assert.Equal(2 * Second, (await Assert.ThrowsAsync<ResponseTimeException>(Ask)).Earliest);
        Assert.Equal([1, 1, 1], _routers.Select(router => router.Calls.Count));
    }

    [Fact]
    public async Task If_all_queues_are_full_the_first_that_has_room_again_is_told()
    {
        _routers[0].Refusal = new QueueFullException(5 * Second, "Full.");
        _routers[1].Refusal = new QueueFullException(4 * Second, "Full.");
        _routers[2].Refusal = new QueueFullException(2 * Second, "Full.");
        Assert.Equal(2 * Second, (await Assert.ThrowsAsync<QueueFullException>(Ask)).RetryAfter);
        Assert.Equal([1, 1, 1], _routers.Select(router => router.Calls.Count));
    }

    [Fact]
    public async Task What_one_refuses_another_answers()
    {
        _routers[0].Refusal = new ResponseTimeException(5 * Second, 3 * Second, "Late.");
        _routers[2].Refusal = new QueueFullException(Second, "Full.");
        List<ReplyEvent> events = await Ask();
        Assert.Equal("request", Assert.IsType<ReplyStarted>(events[0]).RequestId);
        Assert.Equal([7], Assert.IsType<ReplyDelta>(events[1]).TokenIds);
        Assert.Single(_routers[1].Calls);
        Assert.Null(_routers[1].Calls[0].Written);
        Assert.InRange(_routers.Sum(router => router.Calls.Count), 1, 3);
    }

    [Fact]
    public async Task A_refusal_after_the_beginning_is_an_error()
    {
        foreach (ScriptedRouter router in _routers)
        {
            router.FailsAfterTheStart = new QueueFullException(Second, "Full.");
        }

        await Assert.ThrowsAsync<QueueFullException>(Ask);
        Assert.Equal(1, _routers.Sum(router => router.Calls.Count));
    }

    private async Task<List<ReplyEvent>> Ask()
    {
        IGrainFactory grains = DispatchProxy.Create<IGrainFactory, RouterFactory>();
        ((RouterFactory)grains).Routers = _routers;
        ModelFiles model = ModelFiles.Open(
            new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value, Replicas = _routers.Length }, _ => { });
        RouterCall call = new() { RequestId = "request", Prompt = [1, 2, 3], Sampling = new SamplingSettings { SampleCount = 1 } };
        var replicas = new ReplicaChooser(grains, TimeProvider.System, NullLogger<ReplicaChooser>.Instance);
        var request = new RoutedRequest(model, call, replicas, TimeProvider.System.GetTimestamp(), TimeProvider.System, NullLogger.Instance);
        return await request.Run(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
    }

    // The only method that is asked for is the one that gets a router by its key, model/replica.
    private class RouterFactory : DispatchProxy
    {
        public ScriptedRouter[] Routers { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            Routers[int.Parse(((string)args![0]!).Split('/')[1], System.Globalization.CultureInfo.InvariantCulture)];
    }

    private sealed class ScriptedRouter : IRouterGrain
    {
        public Exception? Refusal { get; set; }

        public Exception? FailsAfterTheStart { get; set; }

        public List<RouterCall> Calls { get; } = [];

        public async IAsyncEnumerable<ReplyEvent> Generate(
            RouterCall call, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Calls.Add(call);
            await Task.Yield();
            if (Refusal is not null)
            {
                throw Refusal;
            }

            yield return new ReplyStarted { RequestId = call.RequestId, Model = "tiny" };
            if (FailsAfterTheStart is not null)
            {
                throw FailsAfterTheStart;
            }

            yield return new ReplyDelta { TokenIds = [7] };
            yield return new ReplyFinished { Usage = new ReplyUsage() };
        }

        public Task<RouterOffer> Offer(UInt128[] pages) => Task.FromResult(new RouterOffer { IsReady = true });

        public Task<RouterStatus> GetStatus() => throw new NotSupportedException();

        public Task Leave() => throw new NotSupportedException();

        public Task<ExpertMap?> GetMap() => throw new NotSupportedException();

        public Task UseMap(ExpertMap map) => throw new NotSupportedException();
    }
}
