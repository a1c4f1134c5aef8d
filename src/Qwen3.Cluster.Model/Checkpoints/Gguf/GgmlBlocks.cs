using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>
/// The numbers in ggml's blocks. Each block has a float16 scale d. Q8_0, Q4_0: 32 integers times d. Q4_K, Q5_K: eight times 32 integers of 4 or 5 bits
/// without a sign, times d · (6 bits), minus dmin · (6 bits). Q6_K: sixteen times 16 integers of 6 bits, times d · (a signed byte).
/// Source of the layouts: the structures in ggml-common.h of github.com/ggml-org/ggml.
/// </summary>
internal static unsafe class GgmlBlocks
{
    private const int Most = 256;

    /// <summary>Writes elements of a row as float32.</summary>
    /// <param name="type">One of the five.</param>
    /// <param name="row">The row's first block.</param>
    /// <param name="first">The first element wanted.</param>
    /// <param name="values">As many as are wanted.</param>
    public static void Read(TensorType type, byte* row, int first, Span<float> values)
    {
        Span<float> block = stackalloc float[Most];
        int length = GgmlTypes.BlockLength(type);
        int done = 0;
        while (done < values.Length)
        {
            int index = (first + done) / length, inside = (first + done) % length;
            byte* data = row + ((nint)index * GgmlTypes.BlockBytes(type));
            switch (type)
            {
                case TensorType.Q8_0: ReadQ8_0(data, block); break;
                case TensorType.Q4_0: ReadQ4_0(data, block); break;
                case TensorType.Q4_K: ReadQ4K(data, block); break;
                case TensorType.Q5_K: ReadQ5K(data, block); break;
                case TensorType.Q6_K: ReadQ6K(data, block); break;
                default: throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type of ggml's blocks.");
            }

            int count = Math.Min(length - inside, values.Length - done);
            block.Slice(inside, count).CopyTo(values[done..]);
            done += count;
        }
    }

    /// <summary>The integers and the scale of a block of Q8_0 or Q4_0, as they are stored.</summary>
    public static ushort ReadIntegers(TensorType type, byte* block, Span<sbyte> values)
    {
        for (int i = 0; i < 32; i++)
        {
            values[i] = type == TensorType.Q8_0 ? (sbyte)block[2 + i] : Nibble(block + 2, i);
        }

        return Unsafe.ReadUnaligned<ushort>(block);
    }

    private static sbyte Nibble(byte* pairs, int i) => (sbyte)((i < 16 ? pairs[i] & 15 : pairs[i - 16] >> 4) - 8);

    private static void ReadQ8_0(byte* block, Span<float> values)
    {
        float d = Half(block);
        for (int i = 0; i < 32; i++)
        {
            values[i] = d * (sbyte)block[2 + i];
        }
    }

    private static void ReadQ4_0(byte* block, Span<float> values)
    {
        float d = Half(block);
        for (int i = 0; i < 32; i++)
        {
            values[i] = d * Nibble(block + 2, i);
        }
    }

    // d, dmin, 12 bytes of scales, 128 bytes: of each 32 bytes the low nibbles, then the high ones.
    private static void ReadQ4K(byte* block, Span<float> values)
    {
        float d = Half(block), dmin = Half(block + 2);
        byte* quants = block + 16;
        for (int part = 0; part < 8; part++)
        {
            (int scale, int min) = SixBits(block + 4, part);
            float step = d * scale, offset = dmin * min;
            for (int i = 0; i < 32; i++)
            {
                int q = (quants[(part / 2 * 32) + i] >> (part % 2 * 4)) & 15;
                values[(part * 32) + i] = (step * q) - offset;
            }
        }
    }

    // The same, with 32 bytes before the nibbles: bit p of byte i is the fifth bit of element i of part p.
    private static void ReadQ5K(byte* block, Span<float> values)
    {
        float d = Half(block), dmin = Half(block + 2);
        byte* fifth = block + 16, quants = block + 48;
        for (int part = 0; part < 8; part++)
        {
            (int scale, int min) = SixBits(block + 4, part);
            float step = d * scale, offset = dmin * min;
            for (int i = 0; i < 32; i++)
            {
                int q = ((quants[(part / 2 * 32) + i] >> (part % 2 * 4)) & 15) | (((fifth[i] >> part) & 1) << 4);
                values[(part * 32) + i] = (step * q) - offset;
            }
        }
    }

    // 128 bytes of low nibbles, 64 bytes of upper pairs of bits, 16 scales, d. Each half of 128 elements has its half of all three.
    private static void ReadQ6K(byte* block, Span<float> values)
    {
        float d = Half(block + 208);
        for (int half = 0; half < 2; half++)
        {
            byte* low = block + (half * 64), high = block + 128 + (half * 32);
            sbyte* scales = (sbyte*)block + 192 + (half * 8);
            for (int part = 0; part < 4; part++)
            {
                for (int i = 0; i < 32; i++)
                {
                    int q = ((low[(part % 2 * 32) + i] >> (part / 2 * 4)) & 15) | (((high[i] >> (part * 2)) & 3) << 4);
                    values[(half * 128) + (part * 32) + i] = d * scales[(part * 2) + (i / 16)] * (q - 32);
                }
            }
        }
    }

    // Eight scales and eight minima of six bits in 12 bytes: the first four of each in the low bits of bytes 0–3 and 4–7, whose upper two bits
    // belong to the last four, with the nibbles of bytes 8–11.
    private static (int Scale, int Min) SixBits(byte* packed, int part) => part < 4
        ? (packed[part] & 63, packed[part + 4] & 63)
        : ((packed[part + 4] & 15) | (packed[part - 4] >> 6 << 4), (packed[part + 4] >> 4) | (packed[part] >> 6 << 4));

    private static float Half(byte* bits) => FloatConversion.FromFloat16(Unsafe.ReadUnaligned<ushort>(bits));
}
