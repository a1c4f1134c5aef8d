using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Hosting;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.UnitTests.Silo.Hosting;

public sealed class DrainServiceTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly DrainState _state = new();
    private readonly Streams _first = new();
    private readonly Streams _second = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WithNothingUnderWayItIsOverAtOnce()
    {
        await Drain(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.True(_state.Over.IsCancellationRequested);
    }

    [Fact]
    public async Task ItWaitsForAllThatIsUnderWayAndTakesNothingNew()
    {
        Assert.True(_first.TryBegin());
        Assert.True(_second.TryBegin());
        Assert.True(_second.TryBegin());
        Task drain = Drain(Cancel);

        Assert.False(_first.TryBegin());
        Assert.True(_second.IsDraining);
        _first.End();
        _second.End();
        Assert.False(drain.IsCompleted || _state.Over.IsCancellationRequested);
        Assert.Equal("1 streams", _second.Describe);

        _second.End();
        await drain.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.True(_state.Over.IsCancellationRequested);
    }

    [Fact]
    public async Task ItsTimeIsLimited()
    {
        Assert.True(_first.TryBegin());
        Task drain = Drain(Cancel);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(drain.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(0.2));
        await drain.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.True(_state.Over.IsCancellationRequested);
    }

    [Fact]
    public async Task AHostThatHasNoTimeGivesItNone()
    {
        Assert.True(_first.TryBegin());
        await Drain(new CancellationToken(canceled: true)).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.True(_state.Over.IsCancellationRequested);
    }

    public void Dispose() => _state.Dispose();

    private Task Drain(CancellationToken cancellationToken) => new DrainService(
        [_first, _second], _state, Options.Create(new DrainOptions { DrainTimeLimit = TimeSpan.FromSeconds(5) }), _time, NullLogger<DrainService>.Instance)
        .StoppingAsync(cancellationToken);

    private sealed class Streams() : OpenWork("streams");
}
