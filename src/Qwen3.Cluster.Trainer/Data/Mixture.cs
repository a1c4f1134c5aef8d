namespace Qwen3.Cluster.Trainer.Data;

/// <summary>What conversations are made of: tasks by their weights, forms of reply by theirs; and drills beside them.</summary>
internal sealed class Mixture
{
    private readonly (ITask Task, double Weight)[] _tasks;
    private readonly (ReplyForm Form, double Weight)[] _forms;

    /// <param name="tasks">At least one; weights above 0, in any unit.</param>
    /// <param name="forms">At least one; weights above 0, in any unit.</param>
    /// <param name="drill">A task whose exchanges are plain texts, and their part of the samples; null: conversations alone.</param>
    public Mixture(
        IEnumerable<(ITask Task, double Weight)> tasks,
        IEnumerable<(ReplyForm Form, double Weight)> forms,
        (ITask Task, double Share)? drill = null)
    {
        _tasks = [.. tasks];
        _forms = [.. forms];
        Drill = drill;
    }

    /// <summary>A task whose exchanges are plain texts, and their part of the samples, 0 to 1.</summary>
    public (ITask Task, double Share)? Drill { get; }

    /// <summary>Draws a task.</summary>
    public ITask DrawTask(SeededRandom random) => Draw(_tasks, random);

    /// <summary>Draws a form.</summary>
    public ReplyForm DrawForm(SeededRandom random) => Draw(_forms, random);

    private static T Draw<T>((T Item, double Weight)[] items, SeededRandom random)
    {
        double left = random.Uniform() * items.Sum(item => item.Weight);
        foreach ((T item, double weight) in items)
        {
            left -= weight;
            if (left < 0)
            {
                return item;
            }
        }

        return items[^1].Item;
    }
}
