namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Several tasks, each as likely as any other.</summary>
internal sealed class TaskMixture(IReadOnlyList<ITask> tasks) : ITask
{
    /// <inheritdoc/>
    public Exchange Make(SeededRandom random) => random.Pick(tasks).Make(random);
}
