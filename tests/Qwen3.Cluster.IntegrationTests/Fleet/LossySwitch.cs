using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// A switch that holds every frame up for a while and loses some, as netem does, which many kernels lack: the ends of its cables are TAP devices,
/// which hand the frames of a network namespace to this process.
/// </summary>
internal sealed class LossySwitch : IDisposable
{
    private const int MostFrameBytes = 65536;
    private const int DeviceRequestBytes = 40; // struct ifreq
    private const int NameBytes = 16;
    private const nuint SetDevice = 0x400454CA; // TUNSETIFF
    private const short Tap = 0x0002 | 0x1000; // IFF_TAP | IFF_NO_PI

    private readonly TimeSpan _delay;
    private readonly double _loss;
    private readonly List<SafeFileHandle> _ports = [];
    private readonly ConcurrentDictionary<ulong, int> _portOf = new(); // by a card's address
    private readonly List<BlockingCollection<(long Due, byte[] Frame)>> _queues = [];
    private readonly List<Thread> _threads = [];
    private int _passed;
    private int _lost;

    /// <summary>Makes one without cables.</summary>
    /// <param name="delay">How long a frame is under way.</param>
    /// <param name="loss">The part of the frames that is lost.</param>
    public LossySwitch(TimeSpan delay, double loss) => (_delay, _loss) = (delay, loss);

    /// <summary>Frames that have arrived.</summary>
    public int Passed => Volatile.Read(ref _passed);

    /// <summary>Frames that have not.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>Makes the device that is to be the other end of a cable.</summary>
    /// <exception cref="IOException">The machine does not allow it.</exception>
    public void Plug(string device)
    {
        SafeFileHandle port = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        byte[] request = new byte[DeviceRequestBytes];
        Encoding.ASCII.GetBytes(device, request);
        BinaryPrimitives.WriteInt16LittleEndian(request.AsSpan(NameBytes), Tap);
        if (Control(port, SetDevice, request) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            port.Dispose();
            throw new IOException($"The device {device} cannot be made: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        _ports.Add(port);
        _queues.Add([]);
    }

    /// <summary>Begins to pass frames on.</summary>
    public void Start()
    {
        for (int i = 0; i < _ports.Count; i++)
        {
            int port = i;
            _threads.Add(new Thread(() => Take(port)) { IsBackground = true });
            _threads.Add(new Thread(() => Deliver(port)) { IsBackground = true });
        }

        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Pulls the cables; the devices have to be gone already, which is what ends those who wait for a frame.</summary>
    public void Dispose()
    {
        _queues.ForEach(queue => queue.CompleteAdding());
        _threads.ForEach(thread => thread.Join());
        _ports.ForEach(port => port.Dispose());
    }

    private void Take(int port)
    {
        var random = new Random(port);
        byte[] buffer = new byte[MostFrameBytes];

        // Ends when the device has gone.
        while (Read(_ports[port], buffer, buffer.Length) is var length and > 0)
        {
            if (random.NextDouble() < _loss)
            {
                Interlocked.Increment(ref _lost);
                continue;
            }

            Interlocked.Increment(ref _passed);
            byte[] frame = buffer[..(int)length];
            long due = Stopwatch.GetTimestamp() + (long)(_delay.TotalSeconds * Stopwatch.Frequency);
            _portOf[AddressAt(frame, 6)] = port;
            foreach (int target in _portOf.TryGetValue(AddressAt(frame, 0), out int known) ? [known] : Enumerable.Range(0, _ports.Count))
            {
                if (target != port && !_queues[target].IsAddingCompleted)
                {
                    _queues[target].TryAdd((due, frame));
                }
            }
        }
    }

    private void Deliver(int port)
    {
        foreach ((long due, byte[] frame) in _queues[port].GetConsumingEnumerable())
        {
            TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (left > TimeSpan.Zero)
            {
                Thread.Sleep(left);
            }

            // When the device is down, or gone, the frame is lost: as with any switch.
            _ = Write(_ports[port], frame, frame.Length);
        }
    }

    private static ulong AddressAt(byte[] frame, int start) =>
        ((ulong)BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(start)) << 16) | BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(start + 4));

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static extern int Control(SafeFileHandle file, nuint request, byte[] argument);

    [DllImport("libc", EntryPoint = "read")]
    private static extern nint Read(SafeFileHandle file, byte[] buffer, nint length);

    [DllImport("libc", EntryPoint = "write")]
    private static extern nint Write(SafeFileHandle file, byte[] buffer, nint length);
}
