using System.Buffers.Binary;
using System.Net.Sockets;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

/// <summary>What a listener does with frames that it must not take: it closes that link with one line, and serves the others.</summary>
public sealed class LinkProtocolTests
{
    private const int H = 64;

    // Each: a good frame made bad, and what the log says.
    private static readonly Dictionary<string, (Func<byte[]> Make, string Reason)> Bad = new()
    {
        ["other bytes"] = (() => Changed(frame => frame[0] ^= 1), "a frame does not begin as frames do"),
        ["another version"] = (() => Changed(frame => frame[4] = 9), "a frame is of version 9 of the protocol, and this node speaks version 1"),
        ["too long"] = (() => Changed(frame => Put(frame, 8, 1 << 30)), "a frame of 1073741824 bytes was announced, and 67108864 are the most"),
        ["a negative length"] = (() => Changed(frame => Put(frame, 8, -1)), "a frame of 4294967295 bytes was announced, and 67108864 are the most"),
        ["a flipped bit of the content"] = (() => Flipped(FrameHeader.Size + 9), "a frame's checksum is wrong"),
        ["a flipped bit of the header"] = (() => Flipped(13), "a frame's checksum is wrong"),
        ["a flipped bit of the checksum"] = (() => Flipped(50), "a frame's checksum is wrong"),
        ["a frame left out"] = (() => RawAsker.Request(1, 1, H, [0], (FakeNode.Epoch, 1)), "frame 1 came instead of frame 0"),
        ["a frame twice"] = (() => [.. Good(), .. Good()], "frame 0 came instead of frame 1"),
        ["an unknown kind"] = (() => Changed(frame => frame[6] = 77), "a frame's header has a field out of its range"),
        ["an unknown precision"] = (() => Changed(frame => frame[7] = 2), "a frame's header has a field out of its range"),
        ["a negative layer"] = (() => Changed(frame => Put(frame, 12, -1)), "a frame's header has a field out of its range"),
        ["a reply to who answers"] = (() => Changed(frame => frame[6] = (byte)FrameKind.Reply), "a frame of kind Reply came to the answering side"),
        ["no rows"] = (() => Changed(frame => Put(frame, 32, 0)), "a request's counts are out of range"),
        ["no choices"] = (() => Changed(frame => Put(frame, 36, 0)), "a request's counts are out of range"),
        ["no sections"] = (() => Changed(frame => Put(frame, 40, 0)), "a request's counts are out of range"),
        ["counts that overflow"] = (() => Changed(frame => { Put(frame, 32, int.MaxValue); Put(frame, 44, int.MaxValue); }), "a request's counts are out of range"),
        ["more rows than there are"] = (() => Changed(frame => Put(frame, 32, 2)), "a request has 148 bytes, and its counts make 276"),
        ["a reply beyond the limit"] = (() => RawAsker.Request(0, 1, 1 << 20, new int[64], (FakeNode.Epoch, 64)), "a request asks for a reply of 134217728 bytes, and 67108864 are the most"),
        ["a stale epoch"] = (() => RawAsker.Request(0, 1, H, [0, 0], (FakeNode.Epoch, 1), (5, 1)), "a request is for the shard of epoch 5, which is not here"),
        ["another hidden size"] = (() => RawAsker.Request(0, 1, 32, [0], (FakeNode.Epoch, 1)), "a request has rows of 32 values, and the shard of epoch 7 takes 64; router and shard have different checkpoints"),
        ["a row beyond the rows"] = (() => RawAsker.Request(0, 2, H, [0, 2], (FakeNode.Epoch, 2)), "a request names row 2 of 2"),
        ["a negative row"] = (() => RawAsker.Request(0, 2, H, [0, -1], (FakeNode.Epoch, 2)), "a request names row -1 of 2"),
        ["sections with too few choices"] = (() => RawAsker.Request(0, 1, H, [0, 0], (FakeNode.Epoch, 1)), "the sections of a request have 1 choices, and the request has 2"),
        ["a section with too many"] = (() => RawAsker.Request(0, 1, H, [0, 0], (FakeNode.Epoch, 3)), "a section of a request has 3 choices, and 2 are left"),
        ["sections whose sum overflows"] = (() => RawAsker.Request(0, 1, H, [0, 0], (FakeNode.Epoch, 1), (FakeNode.Epoch, int.MaxValue)), "a section of a request has 2147483647 choices, and 1 are left"),
        ["an empty section"] = (() => RawAsker.Request(0, 1, H, [0], (FakeNode.Epoch, 1), (FakeNode.Epoch, 0)), "a section of a request has 0 choices, and 0 are left"),
        ["half a header"] = (() => Good()[..20], "the other side closed it within a frame"),
        ["half a content"] = (() => Good()[..100], "the other side closed it within a frame"),
        ["nothing"] = (() => [], "the other side closed it"),
    };

    public static TheoryData<string> Names => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_closes_the_link_with_one_line(string name)
    {
        await using var node = new FakeNode(H);
        using (RawAsker asker = RawAsker.Open(node.Endpoint))
        {
            asker.Send(Bad[name].Make());
            asker.Socket.Shutdown(SocketShutdown.Send);
            asker.ReadToEnd();
        }

        await node.Log.WaitFor("The link from this machine is closed: ");
        Assert.EndsWith($": The link from this machine is closed: {Bad[name].Reason}", Assert.Single(node.Log.Lines));
        await node.Ask();
    }

    [Fact]
    public async Task The_frame_that_the_others_are_made_of_is_good()
    {
        await using var node = new FakeNode(H);
        using RawAsker asker = RawAsker.Open(node.Endpoint);
        asker.Send([.. Good(), .. RawAsker.Request(1, 2, H, [1, 0, 1], (FakeNode.Epoch, 1), (FakeNode.Epoch + 1, 2))]);
        byte[] replies = new byte[2 * FrameHeader.Size + 2 * H * 4];
        for (int count = 0; count < replies.Length;)
        {
            count += asker.Socket.Receive(replies.AsSpan(count));
        }

        FrameHeader first = FrameHeader.Read(replies, 1 << 20);
        Assert.Equal((FrameKind.Reply, 1UL, 0UL, 2 * H), (first.Kind, first.Call, first.Sequence, first.ContentLength));
        first.Check(replies.AsSpan(0, FrameHeader.Size + 2 * H), 0);
        Assert.Empty(node.Log.Lines);
    }

    [Fact]
    public async Task Who_takes_no_replies_is_given_up_and_holds_up_nobody()
    {
        await using var node = new FakeNode(H, change: options =>
        {
            options.StallTimeLimit = TimeSpan.FromSeconds(2);
            options.SocketBufferBytes = 64 << 10;
        });
        using RawAsker asker = RawAsker.Open(node.Endpoint);
        for (ulong i = 0; i < 20; i++)
        {
            asker.Send(RawAsker.Request(i, 1, H, new int[500], (FakeNode.Epoch, 500))); // A reply that the compute thread would send itself.
        }

        await node.Ask(); // Of the same shard, while the other link stalls.
        const string GivenUp = "Warning: The link from this machine is closed: the other side takes nothing of what is sent to it";
        Assert.DoesNotContain(GivenUp, node.Log.Lines);
        await node.Log.WaitFor(GivenUp);
        await node.Ask();
    }

    [Fact]
    public async Task Two_thousand_mutated_frames_do_no_harm()
    {
        await using var node = new FakeNode(H);
        var random = new Random(3);
        byte[][] good =
        [
            Good(),
            RawAsker.Request(0, 3, H, [0, 1, 2, 1], (FakeNode.Epoch, 3), (FakeNode.Epoch + 1, 1)),
            RawAsker.Request(0, 1, 1, [0], (FakeNode.Epoch, 1)),
        ];
        int replies = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] frame = [.. good[random.Next(good.Length)]];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                // Mostly where the structure is: the header, and what follows the rows.
                int at = random.Next(3) switch { 0 => random.Next(FrameHeader.Size), 1 => frame.Length - 1 - random.Next(40), _ => random.Next(frame.Length) };
                frame[at] = random.Next(3) switch { 0 => (byte)(frame[at] ^ 1 << random.Next(8)), 1 => (byte)random.Next(256), _ => (byte)(random.Next(2) * 255) };
            }

            if (random.Next(4) > 0)
            {
                RawAsker.Sign(frame); // So that what lies behind the checksum is tried.
            }

            byte[] bytes = random.Next(5) switch
            {
                0 => frame[..random.Next(frame.Length)],
                1 => [.. frame, .. frame],
                _ => frame,
            };
            using RawAsker asker = RawAsker.Open(node.Endpoint);
            asker.Send(bytes);
            asker.Socket.Shutdown(SocketShutdown.Send);
            replies += asker.ReadToEnd() > 0 ? 1 : 0;
        }

        Assert.InRange(replies, 1, 1000); // Some changes touch values alone, and then there is an answer.
        Assert.DoesNotContain(node.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        await node.Ask();
    }

    private static byte[] Good() => RawAsker.Request(0, 1, H, [0], (FakeNode.Epoch, 1));

    private static byte[] Changed(Action<byte[]> change)
    {
        byte[] frame = Good();
        change(frame);
        RawAsker.Sign(frame);
        return frame;
    }

    private static byte[] Flipped(int at)
    {
        byte[] frame = Good();
        frame[at] ^= 4;
        return frame;
    }

    private static void Put(byte[] frame, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(at), value);
}
