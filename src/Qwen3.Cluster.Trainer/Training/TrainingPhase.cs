using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>A part of a round: what is trained on, and for how long.</summary>
/// <param name="Name">For people.</param>
/// <param name="Share">Its part of the round's steps; the shares of a round add up to 1.</param>
/// <param name="Mixture">The conversations.</param>
/// <param name="LearnsEarlierAnswers">Whether the answers of a conversation's earlier turns are learned, too.</param>
internal sealed record TrainingPhase(string Name, double Share, Mixture Mixture, bool LearnsEarlierAnswers);
