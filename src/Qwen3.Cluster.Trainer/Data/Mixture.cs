namespace Qwen3.Cluster.Trainer.Data;

/// <summary>What samples are made of: sources by their weights.</summary>
/// <param name="sources">At least one; weights above 0, in any unit.</param>
internal sealed class Mixture(IReadOnlyList<(ISampleSource Source, double Weight)> sources) : ISampleSource
{
    private readonly double _sum = sources.Sum(source => source.Weight);

    /// <inheritdoc/>
    public IReadOnlyList<Piece> Make(SeededRandom random)
    {
        double left = random.Uniform() * _sum;
        foreach ((ISampleSource source, double weight) in sources)
        {
            left -= weight;
            if (left < 0)
            {
                return source.Make(random);
            }
        }

        return sources[^1].Source.Make(random);
    }
}
