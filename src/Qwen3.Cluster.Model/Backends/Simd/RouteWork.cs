using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Probabilities of all experts from their scores, and the choice of the best. Items are rows of the batch.</summary>
internal unsafe struct RouteWork : IParallelWork
{
    public float* Scores; // [T, Stride]
    public int Stride;
    public int ExpertCount;
    public int ExpertsPerToken;
    public bool NormalizeTopK;
    public StepBatch Batch;
    public RoutedTokens Routed;

    public readonly void Run(int worker, int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* scores = Scores + ((nint)row * Stride);
            float sum = VectorMath.Exponentiate(scores, ExpertCount, out _);
            Span<float> probabilities = new(scores, ExpertCount);
            for (int expert = 0; expert < ExpertCount; expert++)
            {
                probabilities[expert] /= sum;
            }

            Routed.ChooseTop(row, probabilities, ExpertsPerToken, Batch.Slices[Batch.SliceOfRow[row]].ExpertLimit, NormalizeTopK);
        }
    }
}
