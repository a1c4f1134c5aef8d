using System.Diagnostics;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// Asks the shards of the cluster: each token goes to the shards that hold its experts, and their outputs come back to the slots of
/// its own choices. Called on a router's compute thread, which it blocks until all have answered.
/// </summary>
internal sealed class ClusterExpertPool : IExpertPool
{
    private readonly string _model;
    private readonly int[] _shardOfExpert;
    private readonly ShardLink[] _shards;
    private readonly TimeSpan _timeLimit;
    private readonly CancellationToken _stopping;
    private float[] _inputs = []; // [T, H], read by all shards at once

    /// <summary>Makes a pool over shards that are loaded.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="layout">Which experts it has.</param>
    /// <param name="map">Which shard holds which experts.</param>
    /// <param name="grains">Reaches the shards.</param>
    /// <param name="timeLimit">How long the shards may take for one layer.</param>
    /// <param name="stopping">Ends the waiting when the router is to stop.</param>
    public ClusterExpertPool(
        string model, ExpertLayout layout, ExpertMap map, IGrainFactory grains, TimeSpan timeLimit, CancellationToken stopping)
    {
        _model = model;
        Layout = layout;
        _shardOfExpert = [.. map.ShardOfExpert];
        _shards = [.. Enumerable.Range(0, map.ShardCount)
            .Select(shard => new ShardLink(grains.GetGrain<IExpertShardGrain>(new ModelGrainKey(model, shard).ToString())))];
        _timeLimit = timeLimit;
        _stopping = stopping;
    }

    /// <inheritdoc/>
    public ExpertLayout Layout { get; }

    /// <inheritdoc/>
    /// <exception cref="ExpertShardException">A shard failed or took too long.</exception>
    /// <exception cref="OperationCanceledException">The router is to stop.</exception>
    public void Compute(int layer, RoutedTokens tokens)
    {
        // 1. Whose tokens are whose.
        Split(tokens);

        // 2. All shards work at the same time. The inputs are copied: the caller reuses his, and a late shard may still read these.
        Memory<float> inputs = CopyInputs(tokens.Inputs.Span);
        try
        {
            foreach (ShardLink shard in _shards)
            {
                shard.Send(layer, tokens.HiddenSize, inputs);
            }

            // 3. Block until all have answered.
            WaitForAll(layer);
        }
        finally
        {
            AbandonBusy();
        }

        // 4. Each output to its slot; the caller sums them in the order of the token's own choices.
        for (int i = 0; i < _shards.Length; i++)
        {
            try
            {
                _shards[i].Take(tokens.Outputs.Span, tokens.HiddenSize);
            }
            catch (Exception exception)
            {
                throw new ExpertShardException($"shard {i} of the experts of '{_model}' failed in layer {layer}: {exception.Message}", exception);
            }
        }
    }

    /// <summary>Holds nothing but memory: the shards stay.</summary>
    public void Dispose()
    {
    }

    private void Split(RoutedTokens tokens)
    {
        foreach (ShardLink shard in _shards)
        {
            shard.Reset(tokens.TokenCount * tokens.MaxChoices);
        }

        ReadOnlySpan<int> expertIds = tokens.ExpertIds;
        for (int token = 0; token < tokens.TokenCount; token++)
        {
            int first = token * tokens.MaxChoices;
            for (int slot = first; slot < first + tokens.ChoiceCounts[token]; slot++)
            {
                _shards[_shardOfExpert[expertIds[slot]]].Add(token, expertIds[slot], slot);
            }
        }
    }

    private Memory<float> CopyInputs(ReadOnlySpan<float> inputs)
    {
        if (_inputs.Length < inputs.Length)
        {
            _inputs = new float[Math.Max(inputs.Length, 2 * _inputs.Length)];
        }

        inputs.CopyTo(_inputs);
        return _inputs.AsMemory(0, inputs.Length);
    }

    private void WaitForAll(int layer)
    {
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < _shards.Length; i++)
        {
            TimeSpan left = _timeLimit - Stopwatch.GetElapsedTime(started);
            if (!_shards[i].Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero, _stopping))
            {
                throw new ExpertShardException(
                    $"shard {i} of the experts of '{_model}' did not answer within {_timeLimit.TotalSeconds:0.#} s in layer {layer}; see its silo's log, or raise Qwen3:ShardTimeLimit.");
            }
        }
    }

    private void AbandonBusy()
    {
        foreach (ShardLink shard in _shards)
        {
            if (shard.IsBusy)
            {
                shard.Abandon();
                _inputs = [];
            }
        }
    }
}
