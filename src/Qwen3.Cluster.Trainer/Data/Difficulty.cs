namespace Qwen3.Cluster.Trainer.Data;

/// <summary>How hard a question is: by the design of its task, not by what a model makes of it.</summary>
internal enum Difficulty
{
    /// <summary>A small model can see the answer at a glance.</summary>
    Easy,

    /// <summary>It takes more steps than the model has layers: a direct answer is a guess.</summary>
    Hard,
}
