namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Something that the model learns: a source of questions with their right replies. It holds no state.</summary>
internal interface ITask
{
    /// <summary>Makes an exchange: a function of the numbers drawn.</summary>
    Exchange Make(SeededRandom random);
}
