using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed unsafe class FloatConversionTests
{
    [Theory]
    [InlineData(TensorType.BF16, 8, 7)]
    [InlineData(TensorType.F16, 5, 10)]
    public void Every_16_bit_pattern_is_exact(TensorType type, int exponentBits, int mantissaBits)
    {
        // One byte further: the data of a file need not be aligned.
        byte[] bytes = new byte[1 + 2 * 65536];
        for (int code = 0; code < 65536; code++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(1 + 2 * code), (ushort)code);
        }

        float[] values = new float[65536];
        fixed (byte* data = bytes)
        {
            FloatConversion.ToFloats(data + 1, type, values);
        }

        for (int code = 0; code < 65536; code++)
        {
            AssertSame(SimpleSafetensors.Decode(code, exponentBits, mantissaBits), values[code]);
            AssertSame(values[code], type == TensorType.BF16 ? FloatConversion.FromBFloat16((ushort)code) : FloatConversion.FromFloat16((ushort)code));
        }
    }

    [Fact]
    public void Every_e4m3_code_is_exact()
    {
        float[] values = new float[256];
        fixed (byte* data = Enumerable.Range(0, 256).Select(code => (byte)code).ToArray())
        {
            FloatConversion.ToFloats(data, TensorType.F8E4M3, values);
        }

        for (int code = 0; code < 256; code++)
        {
            double expected = (code & 0x7F) == 0x7F ? double.NaN : SimpleSafetensors.Decode(code, 4, 3, hasInfinity: false);
            AssertSame(expected, values[code]);
            AssertSame(expected, FloatConversion.FromE4M3((byte)code));
        }

        Assert.Equal(448, FloatConversion.FromE4M3(0x7E));
        Assert.Equal(MathF.ScaleB(1, -9), FloatConversion.FromE4M3(0x01));
    }

    [Fact]
    public void Float32_is_copied_bit_by_bit()
    {
        int[] bits = [0, 1, int.MinValue, 0x7F800001, 0x7FC12345, 0x3F800000, -1];
        float[] values = new float[bits.Length];
        fixed (int* data = bits)
        {
            FloatConversion.ToFloats((byte*)data, TensorType.F32, values);
        }

        Assert.Equal(bits, values.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Rounding_to_bfloat16_takes_the_nearest_and_even_ties()
    {
        for (int code = 0; code < 0x7F7F; code++)
        {
            // Exact values stay; halfway goes to the even neighbour; a hair to either side goes to that side.
            uint bits = (uint)code << 16;
            Assert.Equal(code, FloatConversion.ToBFloat16(BitConverter.UInt32BitsToSingle(bits)));
            Assert.Equal(code, FloatConversion.ToBFloat16(BitConverter.UInt32BitsToSingle(bits + 0x7FFF)));
            Assert.Equal(code + (code & 1), FloatConversion.ToBFloat16(BitConverter.UInt32BitsToSingle(bits + 0x8000)));
            Assert.Equal(code + 1, FloatConversion.ToBFloat16(BitConverter.UInt32BitsToSingle(bits + 0x8001)));
        }

        Assert.Equal(0xFF80, FloatConversion.ToBFloat16(float.NegativeInfinity));
        Assert.Equal(0x7F80, FloatConversion.ToBFloat16(float.MaxValue));
        Assert.True(float.IsNaN(FloatConversion.FromBFloat16(FloatConversion.ToBFloat16(BitConverter.UInt32BitsToSingle(0x7F800001)))));
    }

    [Fact]
    public void A_span_gives_the_bits_of_its_elements_at_every_length_and_address()
    {
        // Patterns of all kinds: random ones, ties, and NaNs whose low bits would round over into infinity.
        var random = new Random(1);
        uint[] special = [0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7F80_0001, 0xFFFF_FFFF, 0x7FBF_FFFF, 0x7F7F_FFFF, 1, 0x0000_8000, 0x0001_8000, 0x3F80_8000, 0x3F81_8000];
        float[] values = [.. Enumerable.Range(0, 4096).Select(i => BitConverter.UInt32BitsToSingle(
            i % 3 == 0 ? special[i / 3 % special.Length] : (uint)random.NextInt64(1L << 32)))];
        for (int length = 0; length < 100; length++)
        {
            CheckSpan(values.AsSpan(random.Next(values.Length - length), length));
        }

        CheckSpan(values);
    }

    [Fact]
    public void A_span_and_bytes_that_do_not_match_are_refused()
    {
        Assert.Throws<ArgumentException>(() => FloatConversion.ToBFloat16(new float[3], new byte[7]));
        Assert.Throws<ArgumentException>(() => FloatConversion.FromBFloat16(new byte[5], new float[3]));
    }

    private static void CheckSpan(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[1 + 2 * values.Length];
        float[] back = new float[values.Length], rounded = values.ToArray();
        FloatConversion.ToBFloat16(values, bytes.AsSpan(1));
        FloatConversion.FromBFloat16(bytes.AsSpan(1), back);
        FloatConversion.RoundToBFloat16(rounded);
        for (int i = 0; i < values.Length; i++)
        {
            ushort expected = FloatConversion.ToBFloat16(values[i]);
            Assert.Equal(expected, BitConverter.ToUInt16(bytes, 1 + 2 * i));
            Assert.Equal((uint)expected << 16, BitConverter.SingleToUInt32Bits(back[i]));
            Assert.Equal((uint)expected << 16, BitConverter.SingleToUInt32Bits(rounded[i]));
        }
    }

    private static void AssertSame(double expected, float actual)
    {
        if (double.IsNaN(expected) ? !float.IsNaN(actual) : BitConverter.DoubleToInt64Bits(expected) != BitConverter.DoubleToInt64Bits(actual))
        {
            Assert.Fail($"{expected} was expected, {actual} came.");
        }
    }
}
