using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

/// <summary>Experts of any widths and formats, computed together.</summary>
public sealed class SimdExpertsTests : IDisposable
{
    private const int Hidden = 300;

    private static readonly TensorType[] Formats = [TensorType.F32, TensorType.Q8, TensorType.Q4];

    // The third row of the inputs is nobody's; others are of several.
    private readonly int[] _rows = [3, 0, 1, 4, 3, 0, 3, 1, 4, 0, 3];
    private readonly int[] _slots = [7, 2, 9, 0, 11, 4, 1, 3, 5, 6, 8];
    private readonly (int First, int Count)[] _choices = [(0, 4), (4, 1), (5, 5), (10, 1)];
    private readonly float[] _inputs = Numbers(new Random(1), 5 * Hidden);
    private readonly SimdBackend _backend = new(3);

    [Fact]
    public void Each_has_the_bits_that_it_has_alone_and_the_values_of_the_reference()
    {
        using ReferenceBackend reference = new();
        int[] widths = [96, 200, 13, 128];
        ExpertGroup[] groups = Groups(_backend, widths), references = Groups(reference, widths);
        float[] together = Outputs(_backend, groups), expected = Outputs(reference, references);
        float[] alone = new float[together.Length];
        alone.AsSpan().Fill(float.NaN);
        float[] large = [.. _inputs.Select(value => 1000 * value)];
        for (int i = groups.Length - 1; i >= 0; i--)
        {
            // Where others have left large numbers everywhere.
            _backend.ComputeExperts(groups, large, _rows, new float[12 * Hidden], _slots);
            _backend.ComputeExperts(groups.AsSpan(i, 1), _inputs, _rows, alone, _slots);
        }

        Assert.Equal(alone, together);
        for (int slot = 0; slot < 12; slot++)
        {
            bool isAsked = _slots.Contains(slot);
            for (int i = slot * Hidden; i < (slot + 1) * Hidden; i++)
            {
                Assert.Equal(isAsked, !float.IsNaN(together[i]));
                Assert.True(!isAsked || Math.Abs(expected[i] - together[i]) < 0.05, $"{expected[i]} became {together[i]} in slot {slot}.");
            }
        }

        Free(groups);
        Free(references);
    }

    [Fact]
    public void A_slot_that_is_not_there_is_refused()
    {
        ExpertGroup[] groups = Groups(_backend, [96, 200, 13, 128]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _backend.ComputeExperts(groups, _inputs, _rows, new float[11 * Hidden], _slots));
        Free(groups);
    }

    [Fact]
    public void Nothing_is_allocated_once_the_buffers_are_there()
    {
        ExpertGroup[] groups = Groups(_backend, [96, 200, 13, 128]);
        float[] outputs = Outputs(_backend, groups);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            _backend.ComputeExperts(groups, _inputs, _rows, outputs, _slots);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Free(groups);
    }

    public void Dispose() => _backend.Dispose();

    private static void Free(ExpertGroup[] groups)
    {
        foreach (ExpertGroup group in groups)
        {
            group.Expert.Dispose();
        }
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];

    private float[] Outputs(IBackend backend, ExpertGroup[] groups)
    {
        float[] outputs = new float[12 * Hidden];
        outputs.AsSpan().Fill(float.NaN);
        backend.ComputeExperts(groups, _inputs, _rows, outputs, _slots);
        return outputs;
    }

    // Every matrix of every expert in another format than its neighbour.
    private ExpertGroup[] Groups(IBackend backend, int[] widths)
    {
        Random random = new(2);
        return [.. widths.Select((width, i) => new ExpertGroup(
            new ExpertWeights(Load(i, width, Hidden), Load(i + 1, width, Hidden), Load(i + 2, Hidden, width)), _choices[i].First, _choices[i].Count))];

        Weight Load(int format, int rows, int columns)
        {
            float scale = MathF.Sqrt(3f / columns);
            TensorView plain = TensorView.FromFloats("w", [.. Numbers(random, rows * columns).Select(value => scale * value)], rows, columns);
            TensorType type = Formats[format % 3];
            return backend.LoadWeight(type == TensorType.F32 ? plain : TensorPacker.Pack(plain, type));
        }
    }
}
