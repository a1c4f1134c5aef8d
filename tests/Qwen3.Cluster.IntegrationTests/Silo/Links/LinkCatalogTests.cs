using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

public sealed class LinkCatalogTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LogLines<LinkCatalog> _log = new();

    [Fact]
    public async Task Several_who_ask_at_once_share_one_link()
    {
        await using var node = new FakeNode();
        await using LinkCatalog catalog = Make();
        NodeLink?[] links = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => catalog.Get(node.Endpoint))));
        NodeLink link = Assert.IsType<NodeLink>(links[0]);
        Assert.All(links, other => Assert.Same(link, other));
        Assert.Same(catalog.Get(node.Endpoint), catalog.Get(node.Endpoint));
        Assert.Equal($"Information: The link to node {node.Endpoint.Node} is open", Assert.Single(_log.Lines));
    }

    [Fact]
    public async Task A_link_that_broke_is_opened_again_at_once()
    {
        await using var node = new FakeNode();
        await using LinkCatalog catalog = Make();
        NodeLink link = (await catalog.Get(node.Endpoint))!;
        link.Close("the test says so");
        NodeLink again = (await catalog.Get(node.Endpoint))!;
        Assert.NotSame(link, again);
        Assert.True(again.IsOpen);
    }

    [Fact]
    public async Task A_node_that_cannot_be_reached_is_left_alone_for_a_while()
    {
        var node = new FakeNode();
        await node.DisposeAsync();
        await using LinkCatalog catalog = Make();
        Assert.Null(await catalog.Get(node.Endpoint));
        Assert.Null(await catalog.Get(node.Endpoint));
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Null(await catalog.Get(node.Endpoint));
        string line = Assert.Single(_log.Lines);
        Assert.StartsWith($"Warning: There is no link to node {node.Endpoint.Node}, and its shards are asked by grain calls for 5 s at least: it could not be opened at ", line);

        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Null(await catalog.Get(node.Endpoint));
        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public async Task A_node_with_a_new_secret_is_another_one()
    {
        await using FakeNode first = new(), second = new(); // Of the same name, as if the first had been started anew.
        await using LinkCatalog catalog = Make();
        NodeLink old = (await catalog.Get(first.Endpoint))!;
        NodeLink fresh = (await catalog.Get(second.Endpoint))!;
        Assert.NotSame(old, fresh);
        await old.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(fresh.IsOpen);
    }

    [Fact]
    public async Task Links_of_a_catalog_that_ends_are_closed()
    {
        await using var node = new FakeNode();
        LinkCatalog catalog = Make();
        NodeLink link = (await catalog.Get(node.Endpoint))!;
        await catalog.DisposeAsync();
        Assert.True(link.Ended.IsCompleted);
        Assert.Null(await catalog.Get(node.Endpoint));
    }

    private LinkCatalog Make() => new(new LinkOptions(), _log, _time);
}
