using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Cli.Hosting;

public class ListenUrlsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5080")]
    [InlineData("http://localhost:0;https://[::1]:5081")]
    [InlineData("http://*:80; http://+:81")]
    [InlineData("http://0.0.0.0:80/")]
    [InlineData("http://unix:/tmp/qwen3.sock")]
    public void WhatIsAnAddressPasses(string urls) => Assert.Equal(urls, ListenUrls.Check(urls));

    [Theory]
    [InlineData("http://256.1.1.1:99", "256.1.1.1 is no address to listen on")]
    [InlineData("http://127.0.0.1:5080;http://qwen.example:80", "qwen.example is no address to listen on")]
    [InlineData("http://localhost.:80", "localhost. is no address to listen on")]
    [InlineData("5080", "5080 is no address to listen on")]
    public void WhatKestrelWouldTakeForAllInterfacesIsRefused(string urls, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => ListenUrls.Check(urls)).Message);
}
