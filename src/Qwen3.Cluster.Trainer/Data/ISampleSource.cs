namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Where samples come from. It holds no state.</summary>
internal interface ISampleSource
{
    /// <summary>Makes a sample's text: a function of the numbers drawn.</summary>
    IReadOnlyList<Piece> Make(SeededRandom random);
}
