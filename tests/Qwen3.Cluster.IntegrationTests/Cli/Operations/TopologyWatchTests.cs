using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Operations;

public class TopologyWatchTests
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private int _asked;

    [Fact]
    public async Task AServerThatGoesAwayForAWhileIsWatchedOn()
    {
        Task watching = Watch(isJson: true, () => _asked switch
        {
            2 => throw new Qwen3ClientException(new RpcException(new Status(StatusCode.Unavailable, "gone"))),
            4 => throw new OperationCanceledException(_stop.Token),
            _ => new Topology(),
        });
        for (int i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        await Assert.ThrowsAsync<OperationCanceledException>(() => watching);
        Assert.Equal(2, _out.ToString().TrimEnd('\n').Split('\n').Length);
        Assert.Equal("qwen3: The server cannot be reached: gone\n", _error.ToString());
    }

    [Fact]
    public async Task AServerThatIsNotThereIsAnError() =>
        await Assert.ThrowsAsync<Qwen3ClientException>(
            () => Watch(isJson: false, () => throw new Qwen3ClientException(new RpcException(new Status(StatusCode.Unavailable, "gone")))));

    private Task Watch(bool isJson, Func<Topology> answer)
    {
        var writer = new TopologyWriter(new CommandTerminal(TextReader.Null, _out, _error), isJson);
        var watch = new TopologyWatch(
            _ =>
            {
                _asked++;
                return Task.FromResult(answer());
            },
            writer,
            _time);
        return watch.RunAsync(TimeSpan.FromSeconds(2), _stop.Token);
    }
}
