using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

public sealed class LinkHandshakeTests
{
    private static readonly byte[] Hello = [0x51, 0x4C, 0x33, 0x48, 1, 0, 1, 0, .. new byte[32]];

    [Fact]
    public async Task A_wrong_secret_opens_no_link()
    {
        await using var node = new FakeNode();
        byte[] wrong = [.. node.Endpoint.Secret];
        wrong[31] ^= 1;
        LinkBrokenException broken = Assert.Throws<LinkBrokenException>(
            () => NodeLink.Open(node.Endpoint with { Secret = wrong }, node.Options, node.AskerLog, TimeProvider.System));
        Assert.Contains("closed it before both had proved to know the secret", broken.Message);
        await node.Log.WaitFor("Warning: A link from this machine was turned away: the other side does not know the secret");
        Assert.Single(node.Log.Lines);
        await node.Ask();
    }

    [Fact]
    public async Task The_node_must_know_the_secret_too()
    {
        // It repeats what it hears, which would do if a proof of the one role were one of the other.
        using Socket listening = LinkSocket.Create(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        Task echo = Task.Run(() =>
        {
            using Socket socket = listening.Accept();
            byte[] bytes = new byte[40];
            Receive(socket, bytes);
            bytes[6] = 2;
            socket.Send(bytes);
            Receive(socket, bytes.AsSpan(0, 36));
            socket.Send(bytes.AsSpan(0, 36));
            Assert.Equal(0, socket.Receive(bytes));
        }, TestContext.Current.CancellationToken);
        LinkBrokenException broken = Assert.Throws<LinkBrokenException>(() => Open(((IPEndPoint)listening.LocalEndPoint!).Port, TimeProvider.System));
        Assert.EndsWith("the other side does not know the secret.", broken.Message);
        await echo;
    }

    [Theory]
    [InlineData(4, "the other side speaks version 9 of the protocol and this node version 1; run the same release on both")]
    [InlineData(0, "the other side is no node of this cluster")]
    [InlineData(6, "the other side has the wrong role")]
    public async Task A_hello_of_another_kind_is_turned_away(int changed, string reason)
    {
        await using var node = new FakeNode();
        byte[] hello = [.. Hello];
        hello[changed] = 9;
        using var asker = new RawAsker(node.Endpoint);
        asker.Send(hello);
        // One of another version learns this side's; a stranger learns nothing.
        Assert.Equal(changed == 0 ? 0 : 40, asker.ReadToEnd());
        await node.Log.WaitFor($"Warning: A link from this machine was turned away: {reason}");
        await node.Ask();
    }

    [Fact]
    public async Task Who_says_nothing_or_only_drips_is_turned_away_in_time()
    {
        var time = new FakeTimeProvider();
        await using var node = new FakeNode(time: time);
        using RawAsker silent = new(node.Endpoint), dripping = new(node.Endpoint);
        // The timers begin some time after the connection.
        for (int i = 0; node.Log.Lines.Count < 2 && i < 1000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            dripping.Send(Hello.AsSpan(i % 40, i < 40 ? 1 : 0));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.All(node.Log.Lines, line => Assert.EndsWith("it did not prove the secret within Qwen3:Links:HandshakeTimeLimit of 5 s", line));
        Assert.Equal(2, node.Log.Lines.Count);
        Assert.InRange(silent.ReadToEnd() + dripping.ReadToEnd(), 0, 40);
        await node.Ask();
    }

    [Fact]
    public async Task A_node_that_says_nothing_is_given_up_in_time()
    {
        using Socket listening = LinkSocket.Create(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen(0); // Takes one or two; the others do not even get connected.
        int port = ((IPEndPoint)listening.LocalEndPoint!).Port;
        var time = new FakeTimeProvider();
        Task<LinkBrokenException>[] opening = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () => Assert.Throws<LinkBrokenException>(() => Open(port, time)),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Task<LinkBrokenException[]> all = Task.WhenAll(opening);
        for (int i = 0; !all.IsCompleted && i < 1000; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.All(
            await all.WaitAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken),
            broken => Assert.Equal($"it did not open at 127.0.0.1:{port} within Qwen3:Links:HandshakeTimeLimit of 5 s", broken.Reason));
    }

    [Fact]
    public async Task Garbage_in_place_of_a_handshake_does_no_harm()
    {
        await using var node = new FakeNode();
        var random = new Random(4);
        for (int i = 0; i < 100; i++)
        {
            byte[] garbage = [.. i % 2 == 0 ? Hello : [], .. new byte[random.Next(2000)]];
            random.NextBytes(garbage.AsSpan(i % 2 == 0 ? 40 : 0));
            using var asker = new RawAsker(node.Endpoint);
            asker.Send(garbage);
            asker.Socket.Shutdown(SocketShutdown.Send);
            Assert.InRange(asker.ReadToEnd(), 0, 40);
        }

        await node.Ask();
    }

    [Fact]
    public async Task There_are_no_more_links_than_allowed()
    {
        await using var node = new FakeNode(change: options => options.MaxConnections = 2);
        NodeLink first = node.Open(), second = node.Open(unix: false);
        Assert.Throws<LinkBrokenException>(() => node.Open());
        await node.Log.WaitFor("A link from another node was turned away: there are 2 links already; see Qwen3:Links:MaxConnections");
        first.CloseOrderly("the test is done with it");
        await node.Log.WaitFor("The link from this machine is closed: the other side closed it");
        for (int i = 0; ; i++)
        {
            try
            {
                await node.Ask();
                break;
            }
            catch (LinkBrokenException) when (i < 100)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken); // The place of the first one becomes free in a moment.
            }
        }

        second.CloseOrderly("the test is done with it");
    }

    [Fact]
    public async Task Nobody_listens_there()
    {
        var node = new FakeNode();
        await node.DisposeAsync();
        Assert.Throws<LinkBrokenException>(() => node.Open());
        Assert.Throws<LinkBrokenException>(() => node.Open(unix: false));
        Assert.Contains("port 0", Assert.Throws<LinkBrokenException>(() => NodeLink.Open(
            node.Endpoint with { HostId = "elsewhere", Port = 0 }, node.Options, node.AskerLog, TimeProvider.System)).Message);
    }

    [Fact]
    public async Task A_port_that_is_taken_names_the_setting()
    {
        await using var node = new FakeNode();
        Assert.Contains("Qwen3:Links:Port", Assert.Throws<IOException>(() => new FakeNode(change: options => options.Port = node.Endpoint.Port)).Message);
    }

    private static NodeLink Open(int port, TimeProvider time) => NodeLink.Open(
        new LinkEndpoint { Node = "S1", HostId = "elsewhere", Address = "127.0.0.1", Port = port, Secret = new byte[32] },
        new LinkOptions(), new LogLines<NodeLink>(), time);

    private static void Receive(Socket socket, Span<byte> bytes)
    {
        for (int count = 0; count < bytes.Length;)
        {
            int received = socket.Receive(bytes[count..]);
            Assert.NotEqual(0, received);
            count += received;
        }
    }
}
