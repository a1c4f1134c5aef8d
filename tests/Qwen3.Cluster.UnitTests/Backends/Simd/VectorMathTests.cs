using System.Numerics;
using Qwen3.Cluster.Model.Backends.Simd;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

public unsafe class VectorMathTests
{
    private readonly Random _random = new(3);

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place_and_held_at_its_ends()
    {
        for (float x = -87; x <= 88; x += 0.00731f)
        {
            double exact = Math.Exp(x);
            float actual = VectorMath.Exp(new Vector<float>(x))[0];
            double unit = MathF.BitIncrement((float)exact) - (float)exact;
            Assert.Equal(exact, actual, 2 * unit);
        }

        Assert.Equal(1, VectorMath.Exp(Vector<float>.Zero)[0]);
        Assert.Equal(VectorMath.Exp(new Vector<float>(-87))[0], VectorMath.Exp(new Vector<float>(float.NegativeInfinity))[0]);
        Assert.Equal(VectorMath.Exp(new Vector<float>(88))[0], VectorMath.Exp(new Vector<float>(1e30f))[0]);
    }

    [Fact]
    public void SwiGlu_is_silu_of_the_gate_times_up()
    {
        foreach (int length in (int[])[16, 48])
        {
            float[] gate = Numbers(length, 10), up = Numbers(length, 10);
            float[] expected = [.. gate.Zip(up, (g, u) => (float)(g / (1 + Math.Exp(-g)) * u))];
            fixed (float* g = gate, u = up)
            {
                VectorMath.SwiGlu(g, u, length);
            }

            AssertClose(expected, gate);
        }
    }

    [Fact]
    public void Add_adds_every_element_and_no_other()
    {
        for (int length = 0; length < 40; length++)
        {
            float[] source = Numbers(length + 1, 1), target = Numbers(length + 1, 1);
            float[] expected = [.. target.Zip(source, (t, s) => t + s)];
            expected[length] = target[length];
            fixed (float* s = source, t = target)
            {
                VectorMath.Add(s, t, length);
            }

            Assert.Equal(expected, target);
        }
    }

    [Fact]
    public void Normalize_divides_by_the_root_of_the_mean_square_of_the_elements_alone()
    {
        foreach (int length in (int[])[1, 15, 16, 17, 100])
        {
            int padded = SimdWeight.RoundUp(length);
            float[] input = Padded(Numbers(length, 3), padded), weight = Padded(Numbers(length, 2), padded), output = new float[padded];
            double scale = 1 / Math.Sqrt((input.Sum(x => (double)x * x) / length) + 0.01);
            fixed (float* i = input, w = weight, o = output)
            {
                VectorMath.Normalize(i, w, length, 0.01f, o);
            }

            AssertClose([.. input.Zip(weight, (x, w) => (float)(x * scale * w))], output);
        }
    }

    [Fact]
    public void Rotate_turns_pairs_half_a_head_apart()
    {
        foreach (int half in (int[])[1, 3, 4, 8, 9, 64])
        {
            float[] head = Numbers(2 * half, 1);
            double[] angles = [.. Numbers(half, 3).Select(angle => (double)angle)];
            float[] cosines = [.. angles.Select(angle => (float)Math.Cos(angle))], sines = [.. angles.Select(angle => (float)Math.Sin(angle))];
            float[] expected =
            [
                .. Enumerable.Range(0, half).Select(i => (head[i] * cosines[i]) - (head[half + i] * sines[i])),
                .. Enumerable.Range(0, half).Select(i => (head[half + i] * cosines[i]) + (head[i] * sines[i])),
            ];
            fixed (float* h = head)
            {
                VectorMath.Rotate(h, cosines, sines);
            }

            AssertClose(expected, head);
        }
    }

    [Fact]
    public void Exponentiate_gives_the_shares_of_a_softmax_and_zeros_behind_them()
    {
        for (int count = 1; count < 70; count++)
        {
            int padded = SimdWeight.RoundUp(count);
            float[] scores = Padded(Numbers(count, 20), padded);
            Array.Fill(scores, 1e9f, count, padded - count);
            float max = scores[..count].Max();
            float[] expected = Padded([.. scores[..count].Select(score => MathF.Exp(score - max))], padded);
            float sum, largest;
            fixed (float* s = scores)
            {
                sum = VectorMath.Exponentiate(s, count, out largest);
            }

            Assert.Equal(max, largest);

            AssertClose(expected, scores);
            Assert.Equal(expected.Sum(x => (double)x), sum, 1e-5 * count);
            Assert.All(scores[count..], share => Assert.Equal(0, share));
        }
    }

    private float[] Numbers(int count, float largest) => [.. Enumerable.Range(0, count).Select(_ => largest * ((2 * _random.NextSingle()) - 1))];

    private static float[] Padded(float[] values, int length) => [.. values, .. new float[length - values.Length]];

    private static void AssertClose(float[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * (1 + Math.Abs(pair.First))));
}
