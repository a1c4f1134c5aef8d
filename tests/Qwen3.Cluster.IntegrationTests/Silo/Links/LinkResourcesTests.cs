using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

/// <summary>Memory and threads of the whole process: nothing else may run meanwhile.</summary>
[Collection(nameof(LinkResourcesTests))]
[CollectionDefinition(nameof(LinkResourcesTests), DisableParallelization = true)]
public sealed class LinkResourcesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_allocated_for_a_call()
    {
        await using var node = new FakeNode(hiddenSize: 2048);
        NodeLink link = node.Open();
        (long caller, long process) = await Task.Factory.StartNew(
            () =>
            {
                LinkCall small = new(), large = new();
                float[] row = new float[2048], rows = new float[40 * 2048];
                Ask(300);
                long caller = GC.GetAllocatedBytesForCurrentThread(), process = GC.GetTotalAllocatedBytes(precise: true);
                Ask(1000);
                caller = GC.GetAllocatedBytesForCurrentThread() - caller;

                // The test runner is in this process too, and allocates when it likes: the least of three rounds is ours.
                long least = GC.GetTotalAllocatedBytes(precise: true) - process;
                for (int round = 1; round < 3; round++)
                {
                    process = GC.GetTotalAllocatedBytes(precise: true);
                    Ask(1000);
                    least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - process);
                }

                return (caller, least);

                void Ask(int times)
                {
                    for (int i = 0; i < times; i++)
                    {
                        node.Fill(small, layer: 0, row, choices: 8);
                        link.Send(small);
                        if (i % 10 == 0)
                        {
                            node.Fill(large, layer: 1, rows, choices: 320);
                            link.Send(large);
                            large.Wait(Limit, Cancelled);
                            large.CopyOutput(319, row);
                        }

                        small.Wait(Limit, Cancelled);
                        small.CopyOutput(7, row);
                    }
                }
            },
            Cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.InRange(caller, 0, 500); // Less than a byte for each: a lock makes its event when two threads meet at it first.
        Assert.InRange(process, 0, 200_000); // One frame's content is 33 KB.
        link.CloseOrderly("the test is done with it");
    }

    [Fact]
    public async Task An_announced_length_is_not_allocated_before_it_comes()
    {
        await using var node = new FakeNode();
        byte[] announced = [.. RawAsker.Request(0, 1, 64, [0], (FakeNode.Epoch, 1)), .. new byte[100_000]];
        BinaryPrimitives.WriteInt32LittleEndian(announced.AsSpan(8), 64 << 20);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < 20; i++)
        {
            using RawAsker asker = RawAsker.Open(node.Endpoint);
            asker.Send(announced);
            asker.Socket.Shutdown(SocketShutdown.Send);
            asker.ReadToEnd();
        }

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 20 << 20); // Not twenty times 64 MiB.
    }

    [Fact]
    public async Task Links_and_listener_leave_no_thread_behind()
    {
        int before = Process.GetCurrentProcess().Threads.Count;
        for (int i = 0; i < 5; i++)
        {
            await using var node = new FakeNode();
            NodeLink[] links = [.. Enumerable.Range(0, 10).Select(_ => node.Open())];
            string path = node.Endpoint.SocketPath!;
            Assert.True(File.Exists(path));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
            }

            await node.Listener.DisposeAsync().AsTask().WaitAsync(Limit, Cancelled);
            await Task.WhenAll(links.Select(link => link.Ended)).WaitAsync(Limit, Cancelled);
            Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
        }

        // Fifty links of two threads; the thread pool may have grown a little.
        Assert.InRange(Process.GetCurrentProcess().Threads.Count, 0, before + 40);
    }
}
