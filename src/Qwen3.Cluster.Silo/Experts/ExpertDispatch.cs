using System.Diagnostics;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// The tokens of one layer on their way to the shards and back. Shards that do not answer are looked for anew, and asked again with the
/// same tokens: a shard knows nothing of what it was asked before, so the bits are the same.
/// </summary>
internal sealed class ExpertDispatch(ClusterExpertPool pool) : IExpertCall
{
    // Looking for a shard waits by itself until its node is back or another has loaded it; a failure after that is of another node.
    private const int MostTries = 4;

    private readonly List<ulong> _failed = []; // the epochs that did not answer
    private ShardTable? _table;
    private ShardChoices[] _choices = [];
    private ShardRoute[] _routes = [];
    private int[] _nodeChoices = []; // [nodes and more]: choices of this call so far
    private bool[] _isAnswered = []; // by slot
    private RoutedTokens _tokens = null!;
    private int _layer;

    /// <summary>Sends the tokens on their way.</summary>
    public void Begin(int layer, RoutedTokens tokens)
    {
        (_layer, _tokens) = (layer, tokens);
        int slots = tokens.TokenCount * tokens.MaxChoices;
        if (_isAnswered.Length < slots)
        {
            _isAnswered = new bool[slots];
        }

        _isAnswered.AsSpan(0, slots).Clear();
        Send(isFirstTry: true);
    }

    /// <inheritdoc/>
    /// <exception cref="ExpertShardException">A shard failed or took too long.</exception>
    /// <exception cref="OperationCanceledException">The router is to stop.</exception>
    public void Finish()
    {
        for (int tries = 1; ; tries++)
        {
            if (Receive() is not { } error)
            {
                pool.Return(this);
                return;
            }

            if (tries == MostTries)
            {
                throw new ExpertShardException($"the experts of '{pool.Model}' failed in layer {_layer}: {error.Message}", error);
            }

            pool.Replace(_failed, error);
            Send(isFirstTry: false);
        }
    }

    private void Send(bool isFirstTry)
    {
        UseTable(pool.Table);

        // 1. Whose tokens are whose.
        Split(isFirstTry);

        // 2. All nodes work at the same time; this one last, because its shards may be computed right here.
        foreach (ShardRoute route in _routes)
        {
            if (route.HasChoices)
            {
                route.Send(_layer, _tokens);
            }
        }
    }

    // 3. Block until all have answered. 4. Each output to its slot; the caller sums them in the order of the token's own choices.
    private Exception? Receive()
    {
        long started = Stopwatch.GetTimestamp();
        Exception? error = null;
        _failed.Clear();
        foreach (ShardRoute route in _routes)
        {
            if (!route.HasChoices)
            {
                continue;
            }

            TimeSpan left = pool.TimeLimit - Stopwatch.GetElapsedTime(started);
            bool hasEnded = route.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero, pool.Stopping);
            Exception? problem = hasEnded ? route.Take(_tokens) : new TimeoutException(
                $"{Describe(route)} did not answer within {pool.TimeLimit.TotalSeconds:0.#} s; see the node's log, or raise Qwen3:ShardTimeLimit");
            if (problem is null)
            {
                MarkAnswered(route);
                continue;
            }

            error = problem;
            foreach (ShardChoices choices in route.Shards)
            {
                _failed.Add(_table!.Map.Shards[choices.Shard].Epoch);
            }
        }

        if (error is not null)
        {
            _table = null; // A late answer may still come to the buffers of what failed.
        }

        return error;
    }

    private void UseTable(ShardTable table)
    {
        if (ReferenceEquals(table, _table))
        {
            return;
        }

        _table = table;
        _choices = [.. Enumerable.Range(0, table.Ways.Count).Select(shard => new ShardChoices(shard))];
        _routes = table.CreateRoutes(_choices, pool.Precision);
        _nodeChoices = new int[table.Ways.Count];
    }

    private void Split(bool isFirstTry)
    {
        foreach (ShardChoices choices in _choices)
        {
            choices.Clear();
        }

        Array.Clear(_nodeChoices);

        ExpertPlacement placement = _table!.Map.Placement;
        long[] counts = pool.CountsOf(_layer);
        ReadOnlySpan<int> experts = _tokens.ExpertIds;
        ReadOnlySpan<int> choiceCounts = _tokens.ChoiceCounts;
        for (int token = 0; token < choiceCounts.Length; token++)
        {
            int first = token * _tokens.MaxChoices;
            for (int slot = first; slot < first + choiceCounts[token]; slot++)
            {
                if (_isAnswered[slot])
                {
                    continue;
                }

                int expert = experts[slot];
                ReadOnlySpan<ushort> shards = placement.ShardsOf(_layer, expert);

                ushort shard = shards.Length == 1 ? shards[0] : LeastBusy(shards, counts[expert]);
                _nodeChoices[_table.Nodes[shard]]++;
                counts[expert] += isFirstTry ? 1 : 0;
                _choices[shard].Add(token, expert, slot);
            }
        }
    }

    // Of the replicas of an expert the one whose node has least to do in this call, which ends when the busiest node has answered; of equals in turns.
    private ushort LeastBusy(ReadOnlySpan<ushort> shards, long turn)
    {
        int best = (int)(turn % shards.Length);
        for (int i = 1; i < shards.Length; i++)
        {
            int other = (int)((turn + i) % shards.Length);
            if (_nodeChoices[_table!.Nodes[shards[other]]] < _nodeChoices[_table.Nodes[shards[best]]])
            {
                best = other;
            }
        }

        return shards[best];
    }

    private void MarkAnswered(ShardRoute route)
    {
        foreach (ShardChoices choices in route.Shards)
        {
            foreach (int slot in choices.Slots.Span)
            {
                _isAnswered[slot] = true;
            }
        }
    }

    private string Describe(ShardRoute route) =>
        $"shard {string.Join(", ", route.Shards.ToArray().Select(choices => choices.Shard))} on {_table!.Map.Shards[route.Shards[0].Shard].Link.Node}";
}
