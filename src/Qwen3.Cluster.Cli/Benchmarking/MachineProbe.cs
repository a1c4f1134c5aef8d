using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>Measures a <see cref="MachineSpeed"/>: the medians of some rounds.</summary>
public static unsafe class MachineProbe
{
    // Beyond any cache, and short enough for a machine of little memory.
    private const long ReadBytesOfThread = 128 << 20;
    private const int PrefetchBytes = 4096;
    private const int Rounds = 7;
    private const int Repeats = 2_000_000;

    // Chains that no instruction waits for another in: latency times throughput of the widest cores.
    private const int Chains = 10;
    private const int OperationsOfMultiplyAdd = 2;

    private static float _floatSink;
    private static int _intSink;
    private static ulong _readSink;

    /// <summary>Measures.</summary>
    /// <param name="threads">At once.</param>
    /// <param name="isPacked">Whether operations are on bytes.</param>
    public static MachineSpeed Measure(int threads, bool isPacked)
    {
        byte*[] memory = new byte*[threads];
        try
        {
            for (int i = 0; i < threads; i++)
            {
                memory[i] = (byte*)NativeMemory.AlignedAlloc((nuint)ReadBytesOfThread, 64);
                new Span<byte>(memory[i], (int)ReadBytesOfThread).Fill(1);
            }

            double read = ReadBytesOfThread * threads / MedianSeconds(threads, thread => Read(memory[thread]));
            (string instruction, int lanes, Action<int> operations) = isPacked && AvxVnni.IsSupported
                ? ("AVX-VNNI bytes", Vector256<byte>.Count, _ => MultiplyBytesVnni())
                : isPacked && Avx2.IsSupported
                ? ("AVX2 bytes", Vector256<byte>.Count, _ => MultiplyBytes())
                : ("float32 multiply-add", Vector256<float>.Count, (Action<int>)(_ => MultiplyFloats()));
            double rate = (double)lanes * OperationsOfMultiplyAdd * Chains * Repeats * threads / MedianSeconds(threads, operations);
            return new MachineSpeed(read, rate, instruction);
        }
        finally
        {
            foreach (byte* block in memory)
            {
                NativeMemory.AlignedFree(block);
            }
        }
    }

    private static double MedianSeconds(int threads, Action<int> work)
    {
        double[] seconds = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            // A team that starts together: the time is that of the last.
            using Barrier start = new(threads + 1);
            Thread[] team = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                work(i);
            }))];
            Array.ForEach(team, thread => thread.Start());
            start.SignalAndWait();
            long started = Stopwatch.GetTimestamp();
            Array.ForEach(team, thread => thread.Join());
            seconds[round] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[Rounds / 2];
    }

    // Four streams at once, asked for ahead: the prefetchers of a core alone do not reach what the memory gives.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(byte* memory)
    {
        const long Quarter = ReadBytesOfThread / 4;
        Vector256<ulong> a = default, b = default, c = default, d = default;
        for (long i = 0; i < Quarter; i += 64)
        {
            byte* line = memory + i;
            if (Sse.IsSupported)
            {
                Sse.PrefetchNonTemporal(line + PrefetchBytes);
                Sse.PrefetchNonTemporal(line + Quarter + PrefetchBytes);
                Sse.PrefetchNonTemporal(line + (2 * Quarter) + PrefetchBytes);
                Sse.PrefetchNonTemporal(line + (3 * Quarter) + PrefetchBytes);
            }

            a ^= Vector256.LoadAligned((ulong*)line) ^ Vector256.LoadAligned((ulong*)(line + 32));
            b ^= Vector256.LoadAligned((ulong*)(line + Quarter)) ^ Vector256.LoadAligned((ulong*)(line + Quarter + 32));
            c ^= Vector256.LoadAligned((ulong*)(line + (2 * Quarter))) ^ Vector256.LoadAligned((ulong*)(line + (2 * Quarter) + 32));
            d ^= Vector256.LoadAligned((ulong*)(line + (3 * Quarter))) ^ Vector256.LoadAligned((ulong*)(line + (3 * Quarter) + 32));
        }

        _readSink = (a ^ b ^ c ^ d)[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFloats()
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (int n = 0; n < Repeats; n++)
        {
            a = Vector256.MultiplyAddEstimate(a, x, y);
            b = Vector256.MultiplyAddEstimate(b, x, y);
            c = Vector256.MultiplyAddEstimate(c, x, y);
            d = Vector256.MultiplyAddEstimate(d, x, y);
            e = Vector256.MultiplyAddEstimate(e, x, y);
            f = Vector256.MultiplyAddEstimate(f, x, y);
            g = Vector256.MultiplyAddEstimate(g, x, y);
            h = Vector256.MultiplyAddEstimate(h, x, y);
            i = Vector256.MultiplyAddEstimate(i, x, y);
            j = Vector256.MultiplyAddEstimate(j, x, y);
        }

        _floatSink = (a + b + c + d + e + f + g + h + i + j)[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBytesVnni()
    {
        Vector256<byte> x = Vector256.Create((byte)3);
        Vector256<sbyte> y = Vector256.Create((sbyte)2);
        Vector256<int> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default, i = default, j = default;
        for (int n = 0; n < Repeats; n++)
        {
            a = AvxVnni.MultiplyWideningAndAdd(a, x, y);
            b = AvxVnni.MultiplyWideningAndAdd(b, x, y);
            c = AvxVnni.MultiplyWideningAndAdd(c, x, y);
            d = AvxVnni.MultiplyWideningAndAdd(d, x, y);
            e = AvxVnni.MultiplyWideningAndAdd(e, x, y);
            f = AvxVnni.MultiplyWideningAndAdd(f, x, y);
            g = AvxVnni.MultiplyWideningAndAdd(g, x, y);
            h = AvxVnni.MultiplyWideningAndAdd(h, x, y);
            i = AvxVnni.MultiplyWideningAndAdd(i, x, y);
            j = AvxVnni.MultiplyWideningAndAdd(j, x, y);
        }

        _intSink = (a + b + c + d + e + f + g + h + i + j)[0];
    }

    // What a product of bytes takes where there is no instruction for all of it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBytes()
    {
        // Each chain multiplies by itself: what does not change would be moved out of the loop.
        Vector256<byte> x = Vector256.Create((byte)3);
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<int> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default, i = default, j = default;
        for (int n = 0; n < Repeats; n++)
        {
            a += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, a.AsSByte()), ones);
            b += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, b.AsSByte()), ones);
            c += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, c.AsSByte()), ones);
            d += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, d.AsSByte()), ones);
            e += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, e.AsSByte()), ones);
            f += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, f.AsSByte()), ones);
            g += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, g.AsSByte()), ones);
            h += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, h.AsSByte()), ones);
            i += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, i.AsSByte()), ones);
            j += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, j.AsSByte()), ones);
        }

        _intSink = (a + b + c + d + e + f + g + h + i + j)[0];
    }
}
