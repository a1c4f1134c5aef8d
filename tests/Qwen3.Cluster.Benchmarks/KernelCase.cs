using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>A packed weight of random numbers and the tokens that it is multiplied with.</summary>
internal sealed unsafe class KernelCase : IDisposable
{
    private const long PeakOperations = 4_000_000_000;

    private readonly ComputeTeam _team;
    private readonly AlignedBuffer _bytes;
    private readonly AlignedBuffer _inputs;
    private readonly AlignedBuffer _outputs;
    private readonly AlignedBuffer[] _scratch;
    private readonly QuantizedRows _rows = new();
    private readonly int _tokens;

    /// <summary>Makes one; what the weights are does not matter, but their scales are small.</summary>
    public KernelCase(ComputeTeam team, TensorType type, int rows, int columns, int tokens)
    {
        _team = team;
        _tokens = tokens;
        long length = PackedLayout.ByteCount(type, rows, columns);
        _bytes = new AlignedBuffer(length / sizeof(float));
        Random random = new(1);
        Span<byte> superblock = new byte[PackedLayout.SuperblockBytes(type)];
        for (long i = 0; i < length; i += superblock.Length)
        {
            random.NextBytes(superblock[PackedLayout.ScaleBytes..]);
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(superblock[..PackedLayout.ScaleBytes]).Fill((Half)0.01f);
            superblock.CopyTo(new Span<byte>((byte*)_bytes.Data + i, superblock.Length));
        }

        Weight = new PackedWeight(new TensorView("w", (byte*)_bytes.Data, type, [rows, columns], columns, _bytes, scales: null));
        _inputs = new AlignedBuffer((long)tokens * columns);
        for (long i = 0; i < _inputs.Length; i++)
        {
            _inputs.Data[i] = random.NextSingle() - 0.5f;
        }

        _rows.Fill(team, _inputs.Data, columns, tokens, columns);
        _outputs = new AlignedBuffer((long)tokens * rows);
        _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new AlignedBuffer(PackedProduct.ScratchLength(tokens)))];
    }

    /// <summary>The weight.</summary>
    public PackedWeight Weight { get; }

    /// <summary>Seconds of one product.</summary>
    public double Multiply(ByteDots dots)
    {
        WeightProduct product = new(new PackedProduct
        {
            Weight = Weight, Input = _rows, TokenCount = _tokens, Output = _outputs.Data, OutputStride = Weight.Rows, Dots = dots, Scratch = _scratch,
        });
        long start = Stopwatch.GetTimestamp();
        _team.Run(ref product, Weight.Rows, Math.Max(32, (Weight.Rows / (_team.Size * 8)) & ~31));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Seconds of a plain read of the weight's bytes.</summary>
    public double Read()
    {
        ReadWork work = new() { Data = (byte*)_bytes.Data, Sums = _outputs.Data };
        long start = Stopwatch.GetTimestamp();
        _team.Run(ref work, (int)(Weight.ByteCount / ReadWork.Unit), 4);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Seconds that so many operations would take at the peak of float32.</summary>
    public double Peak(double operations)
    {
        PeakWork work = new() { Sums = _outputs.Data };
        long start = Stopwatch.GetTimestamp();
        _team.Run(ref work, (int)(PeakOperations / PeakWork.OperationsOfItem), 8);
        return Stopwatch.GetElapsedTime(start).TotalSeconds * operations / PeakOperations;
    }

    public void Dispose()
    {
        Weight.Dispose();
        _bytes.Dispose();
        _inputs.Dispose();
        _outputs.Dispose();
        _rows.Dispose();
        foreach (AlignedBuffer scratch in _scratch)
        {
            scratch.Dispose();
        }
    }

    // Four streams a quarter of a unit apart.
    private struct ReadWork : IParallelWork
    {
        public const int Unit = 64 * 1024;

        private const int PrefetchBytes = 4096;

        public byte* Data;
        public float* Sums;

        public readonly void Run(int worker, int first, int end)
        {
            for (int unit = first; unit < end; unit++)
            {
                Sums[worker] += Read(Data + ((long)unit * Unit));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Read(byte* data)
        {
            Vector256<int> a = default, b = default, c = default, d = default;
            for (nint i = 0; i < Unit / 4; i += 64)
            {
                byte* line = data + i;
                if (Sse.IsSupported)
                {
                    Sse.PrefetchNonTemporal(line + PrefetchBytes);
                    Sse.PrefetchNonTemporal(line + (Unit / 4) + PrefetchBytes);
                    Sse.PrefetchNonTemporal(line + (Unit / 2) + PrefetchBytes);
                    Sse.PrefetchNonTemporal(line + (Unit / 4 * 3) + PrefetchBytes);
                }

                a ^= Vector256.Load((int*)line) ^ Vector256.Load((int*)(line + 32));
                b ^= Vector256.Load((int*)(line + (Unit / 4))) ^ Vector256.Load((int*)(line + (Unit / 4) + 32));
                c ^= Vector256.Load((int*)(line + (Unit / 2))) ^ Vector256.Load((int*)(line + (Unit / 2) + 32));
                d ^= Vector256.Load((int*)(line + (Unit / 4 * 3))) ^ Vector256.Load((int*)(line + (Unit / 4 * 3) + 32));
            }

            return Vector256.Sum(a ^ b ^ c ^ d) & 1;
        }
    }

    // Sixteen registers of 256 bits, as the kernels have them.
    private struct PeakWork : IParallelWork
    {
        public const int OperationsOfItem = 1000 * 12 * 16;

        public float* Sums;

        public readonly void Run(int worker, int first, int end)
        {
            for (int i = first; i < end; i++)
            {
                Sums[worker] += Multiply(1e-3f);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Multiply(float x)
        {
            Vector256<float> m = Vector256.Create(x), n = Vector256.Create(x + 1);
            Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default;
            Vector256<float> g = default, h = default, i = default, j = default, k = default, l = default;
            for (int round = 0; round < 1000; round++)
            {
                a = Vector256.FusedMultiplyAdd(a, m, n);
                b = Vector256.FusedMultiplyAdd(b, m, n);
                c = Vector256.FusedMultiplyAdd(c, m, n);
                d = Vector256.FusedMultiplyAdd(d, m, n);
                e = Vector256.FusedMultiplyAdd(e, m, n);
                f = Vector256.FusedMultiplyAdd(f, m, n);
                g = Vector256.FusedMultiplyAdd(g, m, n);
                h = Vector256.FusedMultiplyAdd(h, m, n);
                i = Vector256.FusedMultiplyAdd(i, m, n);
                j = Vector256.FusedMultiplyAdd(j, m, n);
                k = Vector256.FusedMultiplyAdd(k, m, n);
                l = Vector256.FusedMultiplyAdd(l, m, n);
            }

            return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        }
    }
}
