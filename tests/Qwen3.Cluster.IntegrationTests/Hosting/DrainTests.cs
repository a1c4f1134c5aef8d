using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Tests;
using ReplyEvent = Qwen3.Cluster.Protos.ReplyEvent;

namespace Qwen3.Cluster.IntegrationTests.Hosting;

/// <summary>SIGTERM in mid-stream, as a process takes it. The client holds the stream up by not reading, so that nothing here hangs on speed.</summary>
public sealed class DrainTests : IDisposable
{
    private const int Replies = 8;

    // For a busy machine.
    private static readonly string[] Patience = ["--set", "Qwen3:DrainTimeLimit=00:01:00"];

    // The least window, so that a reply that nobody reads stays with the server.
    private readonly SocketsHttpHandler _handler = new() { InitialHttp2StreamWindowSize = 65_535 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryStreamIsWholeAndTheProcessEndsWithSuccess()
    {
        using NodeProcess node = await NodeProcess.Start(
            ["all", "--model", TinyChatModel.Moe.Value, "--urls", "http://127.0.0.1:0", .. Patience]).ReadyAsync();
        await IsWholeAcrossTheEndOf(node, node);
    }

    [Fact]
    public async Task AGatewayAndThenItsSiloEndInTheSameWay()
    {
        using NodeProcess silo = await NodeProcess.Start(["silo", "--model", TinyChatModel.Moe.Value, .. Patience]).ReadyAsync();
        using NodeProcess gateway = await NodeProcess.Start(
            ["gateway", "--urls", "http://127.0.0.1:0", "--set", $"Qwen3:Cluster:Gateways:0={silo.Address}", .. Patience]).ReadyAsync();
        using NodeProcess other = await NodeProcess.Start(
            "gateway", "--urls", "http://127.0.0.1:0", "--set", $"Qwen3:Cluster:Gateways:0={silo.Address}").ReadyAsync();
        await IsWholeAcrossTheEndOf(gateway, gateway);
        await IsWholeAcrossTheEndOf(silo, other);
    }

    [Fact]
    public async Task TheTimeForItIsLimited()
    {
        using NodeProcess node = await NodeProcess.Start(
            "all", "--model", TinyChatModel.Moe.Value, "--urls", "http://127.0.0.1:0", "--set", "Qwen3:DrainTimeLimit=00:00:00.5").ReadyAsync();
        using Qwen3Client client = Connect(node);
        await using IAsyncEnumerator<ReplyEvent> reply = client.ChatAsync(LongQuestion(), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await reply.MoveNextAsync());

        node.Terminate();
        Assert.Equal(ExitCode.Success, await node.ExitCodeAsync());
        Assert.Contains("The node stops now; ", node.Log);
    }

    [Fact]
    public async Task ASecondSignalEndsItAtOnce()
    {
        using NodeProcess node = await NodeProcess.Start("all", "--model", TinyChatModel.Moe.Value, "--urls", "http://127.0.0.1:0").ReadyAsync();
        using Qwen3Client client = Connect(node);
        await using IAsyncEnumerator<ReplyEvent> reply = client.ChatAsync(LongQuestion(), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await reply.MoveNextAsync());

        node.Terminate();
        await Task.Delay(300, Cancel);
        node.Terminate();
        Assert.Equal(128 + 15, await node.ExitCodeAsync().WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    public void Dispose() => _handler.Dispose();

    private async Task IsWholeAcrossTheEndOf(NodeProcess node, NodeProcess server)
    {
        using Qwen3Client client = Connect(server);
        await using IAsyncEnumerator<ReplyEvent> reply = client.ChatAsync(LongQuestion(), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await reply.MoveNextAsync());
        node.Terminate();
        await Task.Delay(500, Cancel);

        int finished = 0;
        while (await reply.MoveNextAsync())
        {
            finished += reply.Current.Finished is null ? 0 : 1;
        }

        Assert.Equal(Replies, finished);
        Assert.Equal(ExitCode.Success, await node.ExitCodeAsync());
        Assert.DoesNotContain("cut off", node.Log);
    }

    private Qwen3Client Connect(NodeProcess server) => new(server.Address, options =>
    {
        options.HttpHandler = _handler;
        options.DisposeHttpClient = false;
    });

    private static Protos.ChatRequest LongQuestion() => new()
    {
        Messages = { new Protos.Message { Role = Protos.Role.User, Content = "Go on." } },
        Sampling = new Protos.Sampling { Seed = 3, Temperature = 1, TopK = 0, TopP = 1, MaxTokens = 200, N = Replies },
        Output = new Protos.OutputOptions { TokenIds = true, Logprobs = 20 },
    };
}
