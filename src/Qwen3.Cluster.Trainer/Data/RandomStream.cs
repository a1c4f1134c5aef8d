namespace Qwen3.Cluster.Trainer.Data;

/// <summary>What random numbers are for; each purpose has numbers of its own. The values are part of what a seed means: never renumber.</summary>
internal enum RandomStream : uint
{
    /// <summary>The conversations that are trained on.</summary>
    Training = 1,

    /// <summary>The text that the tokenizer is made from.</summary>
    Vocabulary = 2,

    /// <summary>The weights before the first step.</summary>
    Weights = 3,

    /// <summary>The held-out questions of an exam.</summary>
    Exam = 4,
}
