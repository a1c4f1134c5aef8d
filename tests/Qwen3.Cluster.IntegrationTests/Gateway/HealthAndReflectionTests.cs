using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using Qwen3.Cluster.Contracts.Messages;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>The standard services beside our own.</summary>
public sealed class HealthAndReflectionTests : IAsyncLifetime
{
    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("qwen3.v1.TextGeneration")]
    public async Task It_serves_when_every_model_answers(string service)
    {
        _grains.OnListNames = () => ["tiny", "other"];

        Assert.Equal(ServingStatus.Serving, await CheckAsync(service));
        Assert.Equal(["other/0", "tiny/0"], _grains.Keys.OfType<string>().Distinct().Order());
    }

    [Fact]
    public async Task It_does_not_serve_without_a_model_or_before_one_that_fails_or_is_silent()
    {
        _grains.OnListNames = () => [];
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(""));

        _grains.OnListNames = () => ["tiny"];
        _grains.OnStatus = () => throw new ModelUnavailableException("tiny", null, "It has no tensors.");
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(""));

        _grains.OnStatus = () => new TaskCompletionSource<RouterStatus>().Task;
        Assert.Equal(ServingStatus.NotServing, await CheckAsync("qwen3.v1.TextGeneration"));
    }

    [Fact]
    public async Task An_unknown_service_is_not_found() =>
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => CheckAsync("qwen4"))).StatusCode);

    [Fact]
    public async Task Reflection_lists_the_services()
    {
        using var call = new ServerReflection.ServerReflectionClient(_server.Channel).ServerReflectionInfo(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        IEnumerable<string> services = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name);
        Assert.Superset(new HashSet<string> { "qwen3.v1.TextGeneration", "qwen3.v1.Operations", "grpc.health.v1.Health" }, services.ToHashSet());
        await call.RequestStream.CompleteAsync();
    }

    public async ValueTask InitializeAsync() => _server = await GatewayServer.StartAsync(_grains);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<ServingStatus> CheckAsync(string service)
    {
        HealthCheckResponse response = await new Health.HealthClient(_server.Channel).CheckAsync(
            new HealthCheckRequest { Service = service }, cancellationToken: Cancel);
        return response.Status;
    }
}
