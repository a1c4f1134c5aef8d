namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>A kind of short plain text, without question or answer. It holds no state.</summary>
internal interface IPlainText
{
    /// <summary>Writes one: a function of the numbers drawn.</summary>
    string Write(SeededRandom random);
}
