using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// To shards of this process, by reference. A shard whose device is free is computed on the router's own thread: it would wait for the
/// answer, and a message to another thread and back costs more than the layer of a small model.
/// </summary>
internal sealed class LocalRoute : ShardRoute
{
    private readonly Call[] _calls;

    /// <summary>Makes the way.</summary>
    /// <param name="shards">The choices of each shard.</param>
    /// <param name="executors">The shards, in the same order.</param>
    public LocalRoute(ShardChoices[] shards, IReadOnlyList<ExpertShard> executors)
        : base(shards)
    {
        _calls = [.. executors.Select(executor => new Call(executor))];
    }

    /// <inheritdoc/>
    public override void Send(int layer, RoutedTokens tokens)
    {
        for (int i = 0; i < _calls.Length; i++)
        {
            if (Shards[i].Count > 0)
            {
                _calls[i].Start(layer, tokens, Shards[i]);
            }
        }
    }

    /// <inheritdoc/>
    public override bool Wait(TimeSpan limit, CancellationToken stopping)
    {
        for (int i = 0; i < _calls.Length; i++)
        {
            if (Shards[i].Count > 0 && !_calls[i].Done.Wait(limit, stopping))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override Exception? Take(RoutedTokens tokens)
    {
        for (int i = 0; i < _calls.Length; i++)
        {
            if (Shards[i].Count > 0 && _calls[i].Error is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private sealed class Call(ExpertShard shard) : ShardWork
    {
        public ManualResetEventSlim Done { get; } = new();

        public Exception? Error { get; private set; }

        public void Start(int layer, RoutedTokens tokens, ShardChoices choices)
        {
            Layer = layer;
            Inputs = tokens.Inputs;
            Rows = choices.Rows;
            ExpertIds = choices.Experts;
            Outputs = tokens.Outputs; // Where the answers belong: a chunk of a prompt has megabytes of them.
            Slots = choices.Slots;
            Done.Reset();
            shard.Start(this);
        }

        public override void Complete(Exception? error)
        {
            Error = error;
            Done.Set();
        }
    }
}
