using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Qwen3.Cluster.Trainer.Training.Network;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) with the gradient's norm limited, in one pass over the weights: libtorch's takes five times as long. What
/// it gives does not depend on the number of threads.
/// </summary>
internal sealed unsafe class FusedAdamW
{
    private const float FirstDecay = 0.9f, SecondDecay = 0.95f, Epsilon = 1e-8f, WeightDecay = 0.1f;
    private const double LargestNorm = 1;

    // Elements of a piece of work: enough that handing it out costs nothing, few enough that all cores get some.
    private const int ChunkLength = 1 << 16;

    private readonly IReadOnlyList<NetworkParameter> _parameters;
    private readonly (int Parameter, int Start, int Length)[] _chunks;

    public FusedAdamW(IReadOnlyList<NetworkParameter> parameters)
    {
        _parameters = parameters;
        FirstMoments = [.. parameters.Select(parameter => new float[parameter.Values.numel()])];
        SecondMoments = [.. parameters.Select(parameter => new float[parameter.Values.numel()])];
        _chunks =
        [
            .. Enumerable.Range(0, parameters.Count).SelectMany(i => Enumerable.Range(0, (FirstMoments[i].Length + ChunkLength - 1) / ChunkLength)
                .Select(chunk => (i, chunk * ChunkLength, Math.Min(ChunkLength, FirstMoments[i].Length - (chunk * ChunkLength))))),
        ];
    }

    /// <summary>The running means of the gradients, for each parameter.</summary>
    public float[][] FirstMoments { get; }

    /// <summary>The running means of the squared gradients, for each parameter.</summary>
    public float[][] SecondMoments { get; }

    /// <summary>Changes the weights by their gradients, and sets the gradients to 0.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <returns>The gradient's norm, before the limit.</returns>
    public double Step(long step, double learningRate)
    {
        Tensor[] gradients = [.. _parameters.Select(parameter => parameter.Values.grad
            ?? throw new InvalidOperationException($"{parameter.Name} has no gradient: the loss does not depend on it."))];
        nint[] gradientMemory = [.. gradients.Select(Address)];
        nint[] weightMemory = [.. _parameters.Select(parameter => Address(parameter.Values))];

        // The chunks' sums are added in their order, whoever computed them.
        double[] squares = new double[_chunks.Length];
        Parallel.For(0, _chunks.Length, i => squares[i] = SumOfSquares(Span(gradientMemory, _chunks[i])));
        double norm = Math.Sqrt(squares.Sum());
        float scale = (float)(norm > LargestNorm ? LargestNorm / norm : 1);
        float firstBias = (float)(1 / (1 - Math.Pow(FirstDecay, step + 1)));
        float secondBias = (float)(1 / (1 - Math.Pow(SecondDecay, step + 1)));

        Parallel.For(0, _chunks.Length, i =>
        {
            (int parameter, int start, int length) = _chunks[i];
            Update(
                Span(weightMemory, _chunks[i]),
                Span(gradientMemory, _chunks[i]),
                FirstMoments[parameter].AsSpan(start, length),
                SecondMoments[parameter].AsSpan(start, length),
                new Rates((float)learningRate, _parameters[parameter].Decays ? (float)learningRate * WeightDecay : 0, scale, firstBias, secondBias));
        });

        foreach (Tensor gradient in gradients)
        {
            gradient.Dispose();
        }

        return norm;
    }

    private static nint Address(Tensor tensor) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(TensorMemory.Floats(tensor)));

    private static Span<float> Span(nint[] memory, (int Parameter, int Start, int Length) chunk) =>
        new((float*)memory[chunk.Parameter] + chunk.Start, chunk.Length);

    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        // Lanes of a fixed number, so that the sum does not depend on the machine's vectors.
        Span<double> lanes = stackalloc double[8];
        for (int i = 0; i < values.Length; i++)
        {
            lanes[i % 8] += (double)values[i] * values[i];
        }

        double sum = 0;
        foreach (double lane in lanes)
        {
            sum += lane;
        }

        return sum;
    }

    private static void Update(Span<float> weights, Span<float> gradients, Span<float> first, Span<float> second, Rates rates)
    {
        int vectors = weights.Length - (weights.Length % Vector<float>.Count);
        for (int i = 0; i < vectors; i += Vector<float>.Count)
        {
            Vector<float> gradient = new Vector<float>(gradients[i..]) * rates.Scale;
            Vector<float> mean = (new Vector<float>(first[i..]) * FirstDecay) + (gradient * (1 - FirstDecay));
            Vector<float> square = (new Vector<float>(second[i..]) * SecondDecay) + (gradient * gradient * (1 - SecondDecay));
            Vector<float> weight = new(weights[i..]);
            Vector<float> change = mean * rates.FirstBias / (Vector.SquareRoot(square * rates.SecondBias) + new Vector<float>(Epsilon));
            (weight - (weight * rates.Decay) - (change * rates.LearningRate)).CopyTo(weights[i..]);
            mean.CopyTo(first[i..]);
            square.CopyTo(second[i..]);
        }

        for (int i = vectors; i < weights.Length; i++)
        {
            float gradient = gradients[i] * rates.Scale;
            first[i] = (first[i] * FirstDecay) + (gradient * (1 - FirstDecay));
            second[i] = (second[i] * SecondDecay) + (gradient * gradient * (1 - SecondDecay));
            float change = first[i] * rates.FirstBias / (MathF.Sqrt(second[i] * rates.SecondBias) + Epsilon);
            weights[i] = weights[i] - (weights[i] * rates.Decay) - (change * rates.LearningRate);
        }

        gradients.Clear();
    }

    private readonly record struct Rates(float LearningRate, float Decay, float Scale, float FirstBias, float SecondBias);
}
