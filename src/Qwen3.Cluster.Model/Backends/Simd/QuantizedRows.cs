using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Rows of activations as bytes, −127 to 127, with a float32 scale for each block of 32: made once and read by all products that take the row.
/// A row is its bytes, then the scales, then the sum of each block's bytes as int32; columns up to a multiple of 128 are zero.
/// </summary>
internal sealed unsafe class QuantizedRows : IDisposable
{
    // Adding it to a small number rounds that to an integer, ties to even, and leaves the integer in the low bits.
    private const float Rounder = 12582912f;

    // A block that is smaller all over counts as zeros: 127 / largest would be infinite.
    private const float Least = 1e-30f;

    private readonly AlignedBuffer _buffer = new();

    /// <summary>Columns, up to a multiple of 128.</summary>
    public int PaddedColumns { get; private set; }

    /// <summary>Bytes from one row to the next.</summary>
    public nint Stride { get; private set; }

    /// <summary>The bytes of a row.</summary>
    public sbyte* Row(nint row) => (sbyte*)_buffer.Data + (row * Stride);

    /// <summary>Quantises rows.</summary>
    /// <param name="team">Who does it.</param>
    /// <param name="rows">float32, each row padded to a multiple of 16 with zeros.</param>
    /// <param name="stride">Numbers from one row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="columns">Numbers of a row.</param>
    public void Fill(ComputeTeam team, float* rows, nint stride, int count, int columns)
    {
        PaddedColumns = PackedLayout.SuperblockCount(columns) * PackedLayout.SuperblockColumns;
        int blocks = PaddedColumns / PackedLayout.BlockColumns;
        Stride = PaddedColumns + (blocks * (sizeof(float) + sizeof(int)));
        Stride = (Stride + 63) & ~(nint)63;
        _buffer.EnsureRoom(count * Stride / sizeof(float));
        Work work = new() { Source = rows, SourceStride = stride, Length = SimdWeight.RoundUp(columns), Blocks = blocks, Target = this };
        team.RunRows(ref work, count);
    }

    public void Dispose() => _buffer.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize(float* row, int length, sbyte* target, float* scales, int* sums, int blocks)
    {
        for (int block = 0; block < blocks; block++)
        {
            int first = block * PackedLayout.BlockColumns;
            Vector256<float> a = default, b = default, c = default, d = default;
            if (first < length)
            {
                a = Vector256.Load(row + first);
                b = Vector256.Load(row + first + 8);
            }

            if (first + 16 < length)
            {
                c = Vector256.Load(row + first + 16);
                d = Vector256.Load(row + first + 24);
            }

            // A number that is none makes the scale none, and so every result: nothing is hidden.
            Vector256<float> largest = Vector256.Max(
                Vector256.Max(Vector256.Abs(a), Vector256.Abs(b)), Vector256.Max(Vector256.Abs(c), Vector256.Abs(d)));
            Vector128<float> four = Vector128.Max(largest.GetLower(), largest.GetUpper());
            four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
            float max = MathF.Max(four[0], four[1]);
            float inverse = max < Least ? 0 : 127f / max;
            scales[block] = max / 127f;

            Vector256<float> rounder = Vector256.Create(Rounder);
            Vector256<int> zero = rounder.AsInt32();
            Vector256<int> i = ((a * inverse) + rounder).AsInt32() - zero, j = ((b * inverse) + rounder).AsInt32() - zero;
            Vector256<int> k = ((c * inverse) + rounder).AsInt32() - zero, l = ((d * inverse) + rounder).AsInt32() - zero;
            Vector256.Store(Vector256.Narrow(Vector256.Narrow(i, j), Vector256.Narrow(k, l)), target + first);
            sums[block] = Vector256.Sum(i + j + k + l);
        }
    }

    private struct Work : IParallelWork
    {
        public float* Source;
        public nint SourceStride;
        public int Length;
        public int Blocks;
        public QuantizedRows Target;

        public readonly void Run(int worker, int first, int end)
        {
            for (int row = first; row < end; row++)
            {
                sbyte* target = Target.Row(row);
                float* scales = (float*)(target + Target.PaddedColumns);
                Quantize(Source + (row * SourceStride), Length, target, scales, (int*)(scales + Blocks), Blocks);
            }
        }
    }
}
