using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Silo.Hosting.Clustering;

namespace Qwen3.Cluster.UnitTests.Silo.Hosting.Clustering;

public class ClusteringConfigurationTests
{
    [Fact]
    public void WithoutSettingsAProcessIsItsOwnCluster()
    {
        ClusteringConfiguration read = Read();
        Assert.Equal((ClusterStore.PrimarySilo, "", false), (read.Store, read.ConnectionString, read.IsPod));
        Assert.Equal((0, 0, true), (read.Options.SiloPort, read.Options.GatewayPort, read.Options.CreateTables));
    }

    [Fact]
    public void RedisIsReachedAsAnAspireHostPassesIt()
    {
        ClusteringConfiguration read = Read(
            "Orleans:Clustering:ProviderType=Redis", "Orleans:Clustering:ServiceKey=redis", "ConnectionStrings:redis=localhost:6379,password=x",
            "Orleans:Endpoints:SiloPort=4001", "Orleans:Endpoints:GatewayPort=4002");
        Assert.Equal(
            (ClusterStore.Redis, "localhost:6379,password=x", "ConnectionStrings:redis", "redis"),
            (read.Store, read.ConnectionString, read.ConnectionSetting, read.ServiceKey));
        Assert.Equal((4001, 4002), (read.Options.SiloPort, read.Options.GatewayPort));
    }

    [Fact]
    public void PostgresIsReachedByAStringOrByTheNameOfOne()
    {
        ClusteringConfiguration byString = Read(
            "Orleans:Clustering:ProviderType=AdoNet", "Orleans:Clustering:Invariant=Npgsql", "Orleans:Clustering:ConnectionString=Host=db");
        ClusteringConfiguration byName = Read(
            "Orleans:Clustering:ProviderType=AdoNet", "Orleans:Clustering:Invariant=Npgsql", "Orleans:Clustering:ConnectionName=members",
            "ConnectionStrings:members=Host=db");
        Assert.Equal((ClusterStore.AdoNet, "Host=db", "Orleans:Clustering:ConnectionString", null), (byString.Store, byString.ConnectionString, byString.ConnectionSetting, byString.ServiceKey));
        Assert.Equal((ClusterStore.AdoNet, "Host=db", "ConnectionStrings:members", null), (byName.Store, byName.ConnectionString, byName.ConnectionSetting, byName.ServiceKey));
    }

    [Fact]
    public void TheOwnSectionOverridesThePortsOfOrleans()
    {
        ClusteringConfiguration read = Read("Orleans:Endpoints:SiloPort=4001", "Qwen3:Cluster:SiloPort=5001");
        Assert.Equal(5001, read.Options.SiloPort);
    }

    [Theory]
    [InlineData(true, "KUBERNETES_SERVICE_HOST=10.0.0.1", "POD_NAME=silo-0")]
    [InlineData(false, "KUBERNETES_SERVICE_HOST=10.0.0.1")]
    [InlineData(false, "KUBERNETES_SERVICE_HOST=10.0.0.1", "POD_NAME=silo-0", "Qwen3:Cluster:Kubernetes=false")]
    [InlineData(true, "Qwen3:Cluster:Kubernetes=true")]
    public void APodIsKnownByItsEnvironmentUnlessASettingSaysIt(bool isPod, params string[] settings) => Assert.Equal(isPod, Read(settings).IsPod);

    [Theory]
    [InlineData("Orleans:Clustering:ProviderType is 'Consul': it must be Redis or AdoNet", "Orleans:Clustering:ProviderType=Consul")]
    [InlineData("Orleans:Clustering:ProviderType is '': it must be Redis or AdoNet", "Orleans:Clustering:ServiceKey=redis")]
    [InlineData("Orleans:Clustering:ConnectionString is empty: it must say how to reach Redis", "Orleans:Clustering:ProviderType=Redis")]
    [InlineData("ConnectionStrings:redis is empty", "Orleans:Clustering:ProviderType=Redis", "Orleans:Clustering:ServiceKey=redis")]
    [InlineData(
        "Orleans:Clustering:Invariant is '': set it to Npgsql",
        "Orleans:Clustering:ProviderType=AdoNet", "Orleans:Clustering:ConnectionString=Host=db")]
    [InlineData(
        "Orleans:Clustering:ConnectionString is no connection string of PostgreSQL",
        "Orleans:Clustering:ProviderType=AdoNet", "Orleans:Clustering:Invariant=Npgsql", "Orleans:Clustering:ConnectionString=Hosst=db")]
    [InlineData(
        "Orleans:Clustering:ConnectionString is no connection string of Redis",
        "Orleans:Clustering:ProviderType=Redis", "Orleans:Clustering:ConnectionString=localhost,syncTimeout=soon")]
    [InlineData("Qwen3:Cluster:SiloPort is 70000", "Qwen3:Cluster:SiloPort=70000")]
    [InlineData("Qwen3:Cluster:GatewayPort is -1", "Qwen3:Cluster:GatewayPort=-1")]
    [InlineData("Qwen3:Cluster:AdvertisedAddress is '0.0.0.0'", "Qwen3:Cluster:AdvertisedAddress=0.0.0.0")]
    [InlineData("Qwen3:Cluster:AdvertisedAddress is 'node1'", "Qwen3:Cluster:AdvertisedAddress=node1")]
    [InlineData("Qwen3:Cluster:PrimarySilo is '127.0.0.1'", "Qwen3:Cluster:PrimarySilo=127.0.0.1")]
    [InlineData("Qwen3:Cluster:Gateways:1 is 'x:1'", "Qwen3:Cluster:Gateways:0=127.0.0.1:30000", "Qwen3:Cluster:Gateways:1=x:1")]
    [InlineData("Qwen3:Cluster:ConnectTimeLimit is 00:00:00", "Qwen3:Cluster:ConnectTimeLimit=0")]
    [InlineData(
        "Qwen3:Cluster:PrimarySilo and :Gateways are for a cluster without a store",
        "Orleans:Clustering:ProviderType=Redis", "Orleans:Clustering:ConnectionString=localhost", "Qwen3:Cluster:PrimarySilo=127.0.0.1:11111")]
    public void WhatCannotBeUsedIsNamed(string message, params string[] settings)
    {
        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(() => Read(settings));
        Assert.StartsWith(message, Assert.Single(refused.Failures));
    }

    private static ClusteringConfiguration Read(params string[] settings) => ClusteringConfiguration.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).Select(pair => new KeyValuePair<string, string?>(pair[0], pair[1])))
        .Build());
}
