using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.UnitTests.Contracts.Messages;

/// <summary>Messages keep what they say on the way from one process to another.</summary>
public sealed class SerializationTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    [Fact]
    public void Refusals_keep_their_fields()
    {
        InvalidRequestException invalid = RoundTrip(new InvalidRequestException(
        [
            new FieldViolation { Field = "sampling.n", Description = "must be 1 to 16, not 99." },
            new FieldViolation { Field = "messages", Description = "must hold at least one message." },
        ]));
        Assert.Equal("sampling.n: must be 1 to 16, not 99.; messages: must hold at least one message.", invalid.Message);
        Assert.Equal(["sampling.n", "messages"], invalid.Violations.Select(violation => violation.Field));
        Assert.Equal("must hold at least one message.", invalid.Violations[1].Description);

        QueueFullException full = RoundTrip(new QueueFullException(TimeSpan.FromSeconds(3), "The queue holds 64 requests."));
        Assert.Equal("The queue holds 64 requests.", full.Message);
        Assert.Equal(TimeSpan.FromSeconds(3), full.RetryAfter);

        ModelNotFoundException missing = RoundTrip(new ModelNotFoundException("qwen4", "There is no qwen4."));
        Assert.Equal("There is no qwen4.", missing.Message);
        Assert.Equal("qwen4", missing.Model);

        ModelUnavailableException loading = RoundTrip(new ModelUnavailableException("qwen3", TimeSpan.FromSeconds(5), "It is loading."));
        Assert.Equal("It is loading.", loading.Message);
        Assert.Equal("qwen3", loading.Model);
        Assert.Equal(TimeSpan.FromSeconds(5), loading.RetryAfter);
    }

    [Fact]
    public void Placements_keep_every_shard_of_every_expert()
    {
        var placement = new ExpertPlacement(300, [[[0, 299], [1]], [[7]]]);

        ExpertPlacement read = RoundTripMessage(placement);

        Assert.True(read.SameAs(placement));
        Assert.Equal<ushort>([0, 299], read.ShardsOf(0, 0).ToArray());
        Assert.Equal([new LayerExpert(0, 0)], RoundTripMessage<IReadOnlyList<LayerExpert>>(read.ExpertsOf(299)));
    }

    [Fact]
    public void Nodes_keep_what_they_have()
    {
        var node = new NodeStatus
        {
            Name = "S10.0.0.7:11111:3",
            Host = "rack-7",
            Labels = new Dictionary<string, string> { ["zone"] = "a" },
            IsDraining = true,
            Models = ["qwen3"],
            ProcessId = 17,
            Version = "0.2",
            StartedAt = new DateTimeOffset(2026, 11, 3, 4, 5, 6, TimeSpan.Zero),
            Devices =
            [
                new DeviceStatus
                {
                    Name = "cuda:0",
                    Kind = DeviceKind.Cuda,
                    MemoryBytes = 80_000_000_000,
                    FreeBytes = 70_000_000_000,
                    Threads = 2,
                    Shards = [new HostedShard { Model = "qwen3", Shard = 3, Bytes = 9_000_000_000, ExpertCount = 752, ChoiceCount = 12 }],
                    Routers = [new HostedRouter { Model = "qwen3", Replica = 1, Bytes = 1_000_000_000 }],
                },
            ],
        };

        NodeStatus read = RoundTripMessage(node);

        Assert.Equivalent(node, read, strict: true);
        Assert.Equal(new DevicePlace("a", "cpu"), RoundTripMessage(new DevicePlace("a", "cpu")));
    }

    public void Dispose() => _services.Dispose();

    private T RoundTripMessage<T>(T message) where T : notnull
    {
        var serializer = _services.GetRequiredService<Serializer<T>>();
        return serializer.Deserialize(serializer.SerializeToArray(message))!;
    }

    private T RoundTrip<T>(T exception) where T : Exception
    {
        // As Orleans sends it: an exception of a type that the reader does not know beforehand.
        var serializer = _services.GetRequiredService<Serializer<Exception>>();
        return Assert.IsType<T>(serializer.Deserialize(serializer.SerializeToArray(exception)));
    }
}
