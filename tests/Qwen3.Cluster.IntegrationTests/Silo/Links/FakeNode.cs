using System.Net;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

/// <summary>A node that answers, with two shards, of the epochs 7 and 8.</summary>
internal sealed class FakeNode : IShardDirectory, IAsyncDisposable
{
    public const ulong Epoch = 7;

    public FakeNode(
        int hiddenSize = 64, ActivationPrecision precision = ActivationPrecision.BFloat16, Action<LinkOptions>? change = null, TimeProvider? time = null)
    {
        change?.Invoke(Options);
        Precision = precision;
        Shards = [new FakeShard(hiddenSize, precision), new FakeShard(hiddenSize, precision)];
        Listener = LinkListener.Start("S127.0.0.1:1:2", IPAddress.Loopback, Options, this, Log, time ?? TimeProvider.System);
    }

    public LinkOptions Options { get; } = new();

    public LogLines<LinkListener> Log { get; } = new();

    public LogLines<NodeLink> AskerLog { get; } = new();

    public ActivationPrecision Precision { get; }

    public FakeShard[] Shards { get; }

    public LinkListener Listener { get; }

    public LinkEndpoint Endpoint => Listener.Endpoint;

    public IShardExecutor? Find(ulong epoch) => epoch - Epoch < 2 ? Shards[epoch - Epoch] : null;

    /// <summary>A link to it.</summary>
    public NodeLink Open(bool unix = true, TimeProvider? time = null) => NodeLink.Open(
        unix ? Endpoint : Endpoint with { SocketPath = null }, Options, AskerLog, time ?? TimeProvider.System);

    /// <summary>Fills a call with random values: choices by turns over the experts, the first half for the one shard, the rest for the other.</summary>
    public float[] Fill(LinkCall call, int layer, int rows, int choices, int seed)
    {
        int hiddenSize = Shards[0].HiddenSize;
        var random = new Random(seed);
        float[] inputs = [.. Enumerable.Range(0, rows * hiddenSize).Select(_ => random.NextSingle() - 0.5f)];
        Precision.Round(inputs);
        Fill(call, layer, inputs, choices);
        return inputs;
    }

    /// <summary>The same with values that are there already.</summary>
    public void Fill(LinkCall call, int layer, float[] inputs, int choices)
    {
        int hiddenSize = Shards[0].HiddenSize, rows = inputs.Length / hiddenSize;
        call.Reset(layer, hiddenSize, Precision);
        for (int row = 0; row < rows; row++)
        {
            call.AddRow(inputs.AsSpan(row * hiddenSize, hiddenSize));
        }

        for (int choice = 0; choice < choices; choice++)
        {
            if (choice == 0 || choice == choices / 2)
            {
                call.AddSection(choice == 0 ? Epoch : Epoch + 1);
            }

            call.AddChoice(choice % rows, choice % 128);
        }
    }

    /// <summary>Holds the outputs of such a call to what the shards make of it, bit by bit.</summary>
    public void Check(LinkCall call, int layer, float[] inputs)
    {
        int hiddenSize = Shards[0].HiddenSize, rows = inputs.Length / hiddenSize;
        float[] expected = new float[hiddenSize], actual = new float[hiddenSize];
        for (int choice = 0; choice < call.ChoiceCount; choice++)
        {
            Shards[0].Compute(inputs.AsSpan(choice % rows * hiddenSize, hiddenSize), choice % 128, layer, expected);
            call.CopyOutput(choice, actual);
            Assert.True(
                System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(expected).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(actual)),
                $"choice {choice} differs");
        }
    }

    /// <summary>Asks once over a link of its own and checks what comes: the node still serves.</summary>
    public async Task Ask()
    {
        NodeLink link = Open();
        var call = new LinkCall();
        float[] inputs = Fill(call, layer: 1, rows: 2, choices: 5, seed: 1);
        link.Send(call);
        call.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Check(call, layer: 1, inputs);
        link.CloseOrderly("the test is done with it");
        await link.Ended;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (FakeShard shard in Shards)
        {
            await shard.DisposeAsync();
        }

        await Listener.DisposeAsync();
    }
}
