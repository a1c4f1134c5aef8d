using Aspire.Hosting.Orleans;
using Microsoft.Extensions.Configuration;

// A fleet on this machine: Redis, which keeps the list of silos, silo-1 … silo-n with the experts, and a gateway with the gRPC server.
// Settings, as in: dotnet run --project aspire/Qwen3.Cluster.AppHost -- --Silos=4 --Model=/models/Qwen3-30B-A3B
IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);
int silos = builder.Configuration.GetValue("Silos", 2);
string? model = builder.Configuration["Model"]; // A checkpoint's directory; without it the model that comes along.

IResourceBuilder<RedisResource> redis = builder.AddRedis("redis");
OrleansService orleans = builder.AddOrleans("cluster").WithClustering(redis);

IResourceBuilder<ProjectResource> gateway = AddNode("gateway", "gateway")
    .WithReference(orleans.AsClient())
    .WithHttpEndpoint(port: 5080, name: "grpc")
    .WithEndpoint("grpc", endpoint => (endpoint.Transport, endpoint.IsExternal) = ("http2", true));

// In a loop and not as replicas: those share one endpoint, and a command to one of them could reach any.
for (int i = 1; i <= silos; i++)
{
    IResourceBuilder<ProjectResource> silo = AddNode($"silo-{i}", "silo").WithReference(orleans);
    if (model is not null)
    {
        silo.WithArgs("--model", Path.GetFullPath(model));
    }

    if (builder.ExecutionContext.IsRunMode)
    {
        // All of them are on this machine, whatever network it is in.
        silo.WithEnvironment("Qwen3__Cluster__AdvertisedAddress", "127.0.0.1");
    }

    gateway.WaitFor(silo);
}

builder.Build().Run();

// A process of qwen3, which tells of its health over HTTP/1.1 on a port of its own. ASPNETCORE_URLS is for gRPC, so that port is not in there.
IResourceBuilder<ProjectResource> AddNode(string name, string role)
{
    IResourceBuilder<ProjectResource> node = builder.AddProject<Projects.Qwen3_Cluster_Cli>(name)
        .WithArgs("serve", "--role", role)
        .WithHttpEndpoint(name: "health")
        .WithEndpointsInEnvironment(endpoint => endpoint.Name != "health")
        .WithHttpHealthCheck("/health", endpointName: "health")
        .WaitFor(redis);
    EndpointReferenceExpression port = node.GetEndpoint("health").Property(EndpointProperty.TargetPort);
    return node.WithEnvironment("Qwen3__HealthUrl", $"http://localhost:{port}");
}
