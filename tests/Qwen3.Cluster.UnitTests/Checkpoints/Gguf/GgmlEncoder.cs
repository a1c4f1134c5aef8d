using System.Buffers.Binary;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Checkpoints.Gguf;

/// <summary>
/// Quantises rows into ggml's blocks, simply, and says beside the bytes which values they stand for: computed from the integers before these are
/// laid into bits. So what reads the bits is checked against what does not.
/// </summary>
internal static class GgmlEncoder
{
    /// <summary>The bytes of the blocks and the values that they stand for.</summary>
    /// <param name="type">F32, F16, BF16, or a type of blocks.</param>
    /// <param name="values">Whole rows one after the other; whole blocks each.</param>
    public static (byte[] Bytes, float[] Values) Encode(TensorType type, float[] values)
    {
        if (type is TensorType.F32 or TensorType.F16 or TensorType.BF16)
        {
            byte[] plain = TensorData.FromFloats("", type, values, values.Length).Bytes.ToArray();
            int size = type.Size();
            return (plain, [.. Enumerable.Range(0, values.Length).Select(i => type switch
            {
                TensorType.F32 => values[i],
                TensorType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(plain.AsSpan(i * size)),
                _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(plain.AsSpan(i * size)) << 16),
            })]);
        }

        List<byte> bytes = [];
        List<float> decoded = [];
        int length = type is TensorType.Q8_0 or TensorType.Q4_0 ? 32 : 256;
        foreach (float[] block in values.Chunk(length))
        {
            switch (type)
            {
                case TensorType.Q8_0: Q8_0(block, bytes, decoded); break;
                case TensorType.Q4_0: Q4_0(block, bytes, decoded); break;
                case TensorType.Q4_K: QK(block, 4, bytes, decoded); break;
                case TensorType.Q5_K: QK(block, 5, bytes, decoded); break;
                default: Q6K(block, bytes, decoded); break;
            }
        }

        return ([.. bytes], [.. decoded]);
    }

    private static void Q8_0(float[] block, List<byte> bytes, List<float> decoded)
    {
        float d = Half(block.Max(MathF.Abs) / 127, bytes);
        foreach (float x in block)
        {
            int q = (int)Math.Clamp(MathF.Round(x / d), -127, 127);
            bytes.Add((byte)(sbyte)q);
            decoded.Add(d * q);
        }
    }

    private static void Q4_0(float[] block, List<byte> bytes, List<float> decoded)
    {
        float d = Half(block.MaxBy(MathF.Abs) / -8, bytes);
        int[] q = [.. block.Select(x => (int)Math.Clamp(MathF.Round(x / d) + 8, 0, 15))];
        for (int i = 0; i < 16; i++)
        {
            bytes.Add((byte)(q[i] | (q[i + 16] << 4)));
        }

        decoded.AddRange(q.Select(number => d * (number - 8)));
    }

    private static void QK(float[] block, int bits, List<byte> bytes, List<float> decoded)
    {
        int top = (1 << bits) - 1;
        float[][] parts = [.. block.Chunk(32)];
        float[] mins = [.. parts.Select(part => MathF.Max(0, -part.Min()))];
        float[] steps = [.. parts.Select((part, i) => (part.Max() + mins[i]) / top)];
        float d = Half(steps.Max() / 63, bytes), dmin = Half(mins.Max() / 63, bytes);
        int[] s = [.. steps.Select(step => (int)Math.Clamp(MathF.Round(step / d), 0, 63))];
        int[] m = [.. mins.Select(min => (int)Math.Clamp(MathF.Round(min / dmin), 0, 63))];

        // Bytes 0–3 and 4–7: the first four scales and minima, above them the upper two bits of the last four; 8–11 their lower four.
        for (int i = 0; i < 4; i++)
        {
            bytes.Add((byte)(s[i] | (s[i + 4] >> 4 << 6)));
        }

        for (int i = 0; i < 4; i++)
        {
            bytes.Add((byte)(m[i] | (m[i + 4] >> 4 << 6)));
        }

        for (int i = 0; i < 4; i++)
        {
            bytes.Add((byte)((s[i + 4] & 15) | ((m[i + 4] & 15) << 4)));
        }

        int[] q = new int[256];
        for (int i = 0; i < 256; i++)
        {
            float step = d * s[i / 32];
            q[i] = step == 0 ? 0 : (int)Math.Clamp(MathF.Round((block[i] + (dmin * m[i / 32])) / step), 0, top);
            decoded.Add((step * q[i]) - (dmin * m[i / 32]));
        }

        for (int i = 0; i < 32 && bits == 5; i++)
        {
            bytes.Add((byte)Enumerable.Range(0, 8).Sum(part => (q[(part * 32) + i] >> 4) << part));
        }

        for (int pair = 0; pair < 4; pair++)
        {
            for (int i = 0; i < 32; i++)
            {
                bytes.Add((byte)((q[(pair * 64) + i] & 15) | ((q[(pair * 64) + 32 + i] & 15) << 4)));
            }
        }
    }

    private static void Q6K(float[] block, List<byte> bytes, List<float> decoded)
    {
        float[] steps = [.. block.Chunk(16).Select(part => part.MaxBy(MathF.Abs) / -32)];
        float d = (float)(System.Half)(steps.MaxBy(MathF.Abs) / -128);
        int[] s = [.. steps.Select(step => (int)Math.Clamp(MathF.Round(step / d), -128, 127))];
        int[] q = new int[256];
        for (int i = 0; i < 256; i++)
        {
            float step = d * s[i / 16];
            q[i] = step == 0 ? 32 : (int)Math.Clamp(MathF.Round(block[i] / step) + 32, 0, 63);
            decoded.Add(step * (q[i] - 32));
        }

        // Byte l of a half's 64: the low four bits of elements l and l + 64; byte l of its 32: the upper two of l, l + 32, l + 64 and l + 96.
        for (int half = 0; half < 256; half += 128)
        {
            bytes.AddRange(Enumerable.Range(half, 64).Select(i => (byte)((q[i] & 15) | ((q[i + 64] & 15) << 4))));
        }

        for (int half = 0; half < 256; half += 128)
        {
            bytes.AddRange(Enumerable.Range(half, 32).Select(i => (byte)((q[i] >> 4) | (q[i + 32] >> 4 << 2) | (q[i + 64] >> 4 << 4) | (q[i + 96] >> 4 << 6))));
        }

        bytes.AddRange(s.Select(scale => (byte)(sbyte)scale));
        Half(d, bytes);
    }

    private static float Half(float value, List<byte> bytes)
    {
        System.Half half = (System.Half)value;
        bytes.AddRange(BitConverter.GetBytes(half));
        return (float)half;
    }
}
