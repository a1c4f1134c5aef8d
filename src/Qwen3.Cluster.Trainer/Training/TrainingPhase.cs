using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>A part of a run: what is trained on, and for how long.</summary>
/// <param name="Name">For people.</param>
/// <param name="Share">Its part of the run's steps; the shares of a curriculum add up to 1.</param>
/// <param name="Mixture">The conversations.</param>
/// <param name="LearnsEarlierAnswers">Whether the answers of a conversation's earlier turns are learned, too.</param>
internal sealed record TrainingPhase(string Name, double Share, Mixture Mixture, bool LearnsEarlierAnswers);
