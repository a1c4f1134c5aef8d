using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Contracts.Hosting;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>The front door of a node that shuts down, before grains that a test plays.</summary>
public sealed class DrainTests : IAsyncLifetime
{
    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;
    private Qwen3Client _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_under_way_goes_on_and_a_new_one_is_told_to_come_back()
    {
        var goOn = new TaskCompletionSource();
        _grains.OnChat = (_, _) => Held(goOn.Task);
        Task<Reply> running = await Begin();
        Task drained = Participant.DrainAsync(Cancel);

        Qwen3ClientException refusal = await Assert.ThrowsAsync<Qwen3ClientException>(() => _client.ChatAsync("Hi.", Cancel).ToReplyAsync(cancellationToken: Cancel));
        Assert.Equal((StatusCode.Unavailable, TimeSpan.FromSeconds(1)), (refusal.StatusCode, refusal.RetryAfter));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(""));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync("qwen3.v1.TextGeneration"));
        Assert.Equal("1 gRPC calls", Participant.Describe);
        Assert.False(drained.IsCompleted);

        goOn.SetResult();
        Assert.Equal("85", (await running).Answer);
        await drained.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task A_call_that_outlives_the_time_for_it_is_torn_off()
    {
        _grains.OnChat = (_, _) => Held(new TaskCompletionSource().Task);
        Task<Reply> running = await Begin();
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Participant.DrainAsync(limit.Token));
        await Assert.ThrowsAsync<Qwen3ClientException>(() => running.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(_grains);
        _client = new Qwen3Client(_server.Channel);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }

    private IDrainParticipant Participant => _server.Services.GetServices<IDrainParticipant>().Single();

    private async Task<Task<Reply>> Begin()
    {
        Task<Reply> running = _client.ChatAsync("Hi.", Cancel).ToReplyAsync(cancellationToken: Cancel);
        while (Participant.Describe != "1 gRPC calls")
        {
            await Task.Delay(10, Cancel);
        }

        return running;
    }

    private async Task<ServingStatus> CheckAsync(string service) => (await new Health.HealthClient(_server.Channel).CheckAsync(
        new HealthCheckRequest { Service = service }, cancellationToken: Cancel)).Status;

    private static async IAsyncEnumerable<Contracts.Messages.ReplyEvent> Held(Task goOn)
    {
        IReadOnlyList<Contracts.Messages.ReplyEvent> answer = FakeGrains.Answer();
        yield return answer[0];
        await goOn;
        foreach (Contracts.Messages.ReplyEvent reply in answer.Skip(1))
        {
            yield return reply;
        }
    }
}
