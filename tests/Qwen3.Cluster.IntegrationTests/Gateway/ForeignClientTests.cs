using System.Text.Json;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>The front door as a client sees it that is not ours.</summary>
public sealed class ForeignClientTests : IAsyncLifetime
{
    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;

    [Fact]
    public async Task It_finds_the_server_healthy_and_its_models()
    {
        JsonElement health = await ForeignClient.RunAsync("health", _server.Address);
        JsonElement models = await ForeignClient.RunAsync("models", _server.Address);

        Assert.Equal("SERVING", health.GetProperty("status").GetString());
        JsonElement model = Assert.Single(models.GetProperty("models").EnumerateArray());
        Assert.Equal("tiny", model.GetProperty("name").GetString());
        Assert.Equal("5000000000", model.GetProperty("parameters").GetString());
    }

    [Fact]
    public async Task It_reads_a_reply_as_it_is_streamed()
    {
        JsonElement result = await ForeignClient.RunAsync("chat", _server.Address);

        Assert.Equal(
            ["started", "delta", "delta", "finished"], result.GetProperty("events").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("Hm.", result.GetProperty("thinking").GetString());
        Assert.Equal("85", result.GetProperty("answer").GetString());
        Assert.Equal(ulong.MaxValue.ToString(), result.GetProperty("started").GetProperty("seed").GetString());
        Assert.Equal("FINISH_REASON_STOP", result.GetProperty("finished").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task It_can_read_which_fields_were_refused()
    {
        JsonElement result = await ForeignClient.RunAsync("refusal", _server.Address);

        Assert.Equal("INVALID_ARGUMENT", result.GetProperty("code").GetString());
        JsonElement[] details = [.. result.GetProperty("details").EnumerateArray()];
        Assert.Equal(["google.rpc.BadRequest", "google.rpc.RequestInfo"], details.Select(detail => detail.GetProperty("type").GetString()));
        Assert.Equal(
            ["messages[1].role", "sampling.temperature", "sampling.top_p"],
            details[0].GetProperty("field_violations").EnumerateArray().Select(violation => violation.GetProperty("field").GetString()));
        Assert.Equal(32, details[1].GetProperty("request_id").GetString()!.Length);
    }

    [Fact]
    public async Task Its_retries_follow_the_servers_word()
    {
        int tries = 0;
        _grains.OnChat = (_, _) => ++tries < 3
            ? throw new QueueFullException(TimeSpan.FromMilliseconds(50), "Full.")
            : FakeGrains.Answer().ToAsyncEnumerable();

        JsonElement result = await ForeignClient.RunAsync("chat", _server.Address);

        Assert.Equal("85", result.GetProperty("answer").GetString());
        Assert.Equal(3, tries);
    }

    [Fact]
    public async Task Its_cancelling_stops_the_work()
    {
        var ended = new TaskCompletionSource();
        _grains.OnChat = (_, token) => FakeGrains.Endless(ended, token);

        JsonElement result = await ForeignClient.RunAsync("cancel", _server.Address);

        Assert.Equal("CANCELLED", result.GetProperty("code").GetString());
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    public async ValueTask InitializeAsync() => _server = await GatewayServer.StartAsync(_grains);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
