using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>By grain calls: for a shard whose node no link could be opened to. Slow, and it works wherever the control plane does.</summary>
internal sealed class GrainRoute(ShardChoices choices, IExpertShardGrain shard) : ShardRoute([choices])
{
    private Task<ExpertOutputs>? _call;

    /// <inheritdoc/>
    public override void Send(int layer, RoutedTokens tokens) => _call = shard.Compute(new ExpertBatch
    {
        Layer = layer,
        HiddenSize = tokens.HiddenSize,

        // Copies: Orleans may still write the message when the call has long failed.
        Inputs = tokens.Inputs.ToArray(),
        Rows = choices.Rows.ToArray(),
        ExpertIds = choices.Experts.ToArray(),
    });

    /// <inheritdoc/>
    public override bool Wait(TimeSpan limit, CancellationToken stopping)
    {
        try
        {
            return _call!.Wait(limit, stopping);
        }
        catch (AggregateException)
        {
            return true; // Take says what it was.
        }
    }

    /// <inheritdoc/>
    public override Exception? Take(RoutedTokens tokens)
    {
        if (_call!.Exception?.InnerException is { } error)
        {
            return error;
        }

        Scatter(_call.Result.Outputs.Span, choices, tokens);
        return null;
    }
}
