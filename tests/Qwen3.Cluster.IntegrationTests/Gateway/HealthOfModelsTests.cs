using Grpc.Health.V1;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.IntegrationTests.Silo;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>What the health service says of a silo's own models.</summary>
public sealed class HealthOfModelsTests
{
    [Theory]
    [InlineData(false, ServingStatus.Serving)]
    [InlineData(true, ServingStatus.NotServing)]
    public async Task It_does_not_serve_while_a_configured_model_cannot_be_loaded(bool isBroken, ServingStatus expected)
    {
        DirectoryInfo empty = Directory.CreateTempSubdirectory("qwen3-no-model");
        try
        {
            await using GatewayServer server = await GatewayServer.StartAsync(
                options => options.Models =
                [
                    new ModelOptions { Name = "tiny", Directory = TinyChatModel.Dense.Value, Backend = "reference", CacheTokens = 512 },
                    .. isBroken ? new ModelOptions[] { new() { Name = "broken", Directory = empty.FullName } } : [],
                ],
                new HookedBackends());

            HealthCheckResponse health = await new Health.HealthClient(server.Channel).CheckAsync(
                new HealthCheckRequest(), cancellationToken: TestContext.Current.CancellationToken);
            var catalog = server.Grains.GetGrain<IModelCatalogGrain>(0);

            Assert.Equal(expected, health.Status);
            Assert.Equal(isBroken ? ["tiny", "broken"] : ["tiny"], await catalog.ListNames());
            Assert.Equal(["tiny"], (await catalog.List()).Select(model => model.Name));
        }
        finally
        {
            empty.Delete();
        }
    }
}
