using System.Buffers;
using System.Runtime.InteropServices;
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

        ResponseTimeException late = RoundTrip(new ResponseTimeException(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), "Too late."));
        Assert.Equal(("Too late.", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)), (late.Message, late.Earliest, late.RetryAfter));

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
            Problems = ["It has no tensors."],
            Devices =
            [
                new DeviceStatus
                {
                    Name = "cuda:0",
                    Kind = DeviceKind.Cuda,
                    MemoryBytes = 80_000_000_000,
                    FreeBytes = 70_000_000_000,
                    Threads = 2,
                    Shards = [new HostedShard { Model = "qwen3", Shard = 3, Bytes = 9_000_000_000, ExpertCount = 752, ChoiceCount = 5_000_000_000 }],
                    Routers = [new HostedRouter { Model = "qwen3", Replica = 1, Bytes = 1_000_000_000, Status = new RouterStatus { Running = 3, PageCount = 7 } }],
                },
            ],
        };

        NodeStatus read = RoundTripMessage(node);

        Assert.Equivalent(node, read, strict: true);
        var topology = new ClusterTopology
        {
            TakenAt = node.StartedAt,
            Nodes = [node],
            SilentNodes = ["S2"],
            Models = [new ModelStatus { Name = "qwen3", Problem = "Why.", Experts = new ExpertMapStatus { ReplicaCount = 2, LoadShares = [0.25, 0.75] } }],
        };
        Assert.Equivalent(topology, RoundTripMessage(topology), strict: true);
        Assert.Equal(new DevicePlace("a", "cpu"), RoundTripMessage(new DevicePlace("a", "cpu")));
    }

    [Fact]
    public void Batches_keep_their_bits()
    {
        float[] values = [1.5f, float.NaN, -0f, float.PositiveInfinity, float.Epsilon, 3f];
        using ExpertBatch batch = Batch(values, [0, 1, 1], [7, 0, 127]);

        using ExpertBatch read = RoundTripMessage(batch);

        Assert.Equal((5, 3), (read.Layer, read.HiddenSize));
        Assert.True(MemoryMarshal.AsBytes(read.Inputs.Span).SequenceEqual(MemoryMarshal.AsBytes<float>(values)));
        Assert.Equal([0, 1, 1], read.Rows.Span.ToArray());
        Assert.Equal([7, 0, 127], read.ExpertIds.Span.ToArray());
        using ExpertOutputs outputs = RoundTripMessage(new ExpertOutputs { Outputs = TensorBuffer<float>.CopyOf([]) });
        Assert.Equal(0, outputs.Outputs.Memory.Length);
    }

    [Fact]
    public void Batches_travel_in_bulk_from_one_segment_or_many()
    {
        float[] values = [.. Enumerable.Range(0, 100_000).Select(i => i / 7f)];
        using ExpertBatch batch = Batch(values, [0], [1]);
        var serializer = _services.GetRequiredService<Serializer<ExpertBatch>>();

        byte[] bytes = serializer.SerializeToArray(batch);
        using ExpertBatch read = serializer.Deserialize(Segments(bytes, 4096))!;

        Assert.InRange(bytes.Length, 400_000, 400_200);
        Assert.Equal(values, read.Inputs.Span.ToArray());
    }

    [Fact]
    public void Batches_that_are_cut_short_are_refused()
    {
        var serializer = _services.GetRequiredService<Serializer<ExpertBatch>>();
        using ExpertBatch batch = Batch(new float[1000], [0], [1]);
        byte[] bytes = serializer.SerializeToArray(batch);

        Assert.Throws<SerializerException>(() => serializer.Deserialize(bytes[..2000]));
    }

    [Fact]
    public void Buffers_are_given_back_once()
    {
        TensorBuffer<float> buffer = TensorBuffer<float>.CopyOf([1, 2]);
        buffer.Dispose();
        using TensorBuffer<float> one = TensorBuffer<float>.Rent(2);
        buffer.Dispose(); // The array has another owner by now.
        using TensorBuffer<float> two = TensorBuffer<float>.Rent(2);

        Assert.False(one.Memory.Equals(two.Memory));
        Assert.Throws<ObjectDisposedException>(() => buffer.Memory);
    }

    public void Dispose() => _services.Dispose();

    private static ExpertBatch Batch(float[] inputs, int[] rows, int[] experts) => new()
    {
        Layer = 5,
        HiddenSize = 3,
        Inputs = TensorBuffer<float>.CopyOf(inputs),
        Rows = TensorBuffer<int>.CopyOf(rows),
        ExpertIds = TensorBuffer<int>.CopyOf(experts),
    };

    private static ReadOnlySequence<byte> Segments(byte[] bytes, int size)
    {
        Segment? first = null, last = null;
        foreach (byte[] part in bytes.Chunk(size))
        {
            last = new Segment(part, last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

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

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
