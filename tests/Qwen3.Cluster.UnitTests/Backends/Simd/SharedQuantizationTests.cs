using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

/// <summary>Rows are quantised once for all products that take them, and anew after whatever writes to them.</summary>
public sealed class SharedQuantizationTests
{
    private const int Size = 64;

    public static TheoryData<string> Writers => ["embed", "normalize", "project", "project and add", "add experts", "keep rows"];

    [Theory, MemberData(nameof(Writers))]
    public void Rows_that_were_written_again_are_quantised_again(string writer)
    {
        using SimdBackend backend = new();
        TensorView values = TensorView.FromFloats("w", [.. Enumerable.Range(0, Size * Size).Select(i => MathF.Sin(i))], Size, Size);
        using Weight packed = backend.LoadWeight(TensorPacker.Pack(values, TensorType.Q8)), plain = backend.LoadWeight(values);
        using Weight norm = backend.LoadWeight(TensorView.FromFloats("n", [.. Enumerable.Repeat(2f, Size)], Size));
        using Activation rows = backend.CreateActivation(Size), other = backend.CreateActivation(Size), output = backend.CreateActivation(Size);
        foreach (Activation activation in (Activation[])[rows, other, output])
        {
            activation.Resize(1);
        }

        backend.Embed(plain, [3], rows);
        backend.Embed(plain, [5], other);
        float[] before = Product(rows);
        Assert.Equal(before, Product(rows));
        switch (writer)
        {
            case "embed": backend.Embed(plain, [7], rows); break;
            case "normalize": backend.Normalize(other, norm, 1e-6f, rows); break;
            case "project": backend.Project(other, plain, rows); break;
            case "keep rows":
                rows.Resize(2);
                backend.Embed(plain, [3, 9], rows);
                _ = Product(rows, 2);
                backend.KeepRows(rows, [1]);
                break;
            case "project and add": backend.ProjectAndAdd(other, plain, rows); break;
            default: backend.AddExperts(OfOneExpert([.. Enumerable.Repeat(1f, Size)]), rows); break;
        }

        float[] after = Product(rows), fresh = new float[Size];
        Assert.NotEqual(before, after);
        backend.Download(rows, fresh);
        using Activation copy = backend.CreateActivation(Size);
        copy.Resize(1);
        backend.AddExperts(OfOneExpert(fresh), copy);
        Assert.Equal(Product(copy), after);

        float[] Product(Activation input, int count = 1)
        {
            float[] result = new float[count * Size];
            output.Resize(count);
            backend.Project(input, packed, output);
            backend.Download(output, result);
            return result;
        }
    }

    private static RoutedTokens OfOneExpert(float[] output)
    {
        RoutedTokens routed = new(Size, maxChoices: 1);
        routed.Reset(1);
        routed.ChooseAll(1);
        output.CopyTo(routed.Outputs);
        return routed;
    }
}
