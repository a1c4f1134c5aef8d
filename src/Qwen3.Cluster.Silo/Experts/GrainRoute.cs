using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>By grain calls: for a shard whose node no link could be opened to. Slow, and it works wherever the control plane does.</summary>
internal sealed class GrainRoute(ShardChoices choices, IExpertShardGrain shard) : ShardRoute([choices])
{
    private ExpertBatch? _batch;
    private Task<ExpertOutputs>? _call;

    /// <inheritdoc/>
    public override void Send(int layer, RoutedTokens tokens)
    {
        _batch = Gather(layer, tokens);
        _call = shard.Compute(_batch);
    }

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

        using (ExpertOutputs answer = _call.Result)
        {
            Scatter(answer.Outputs.Span, choices, tokens);
        }

        // It has been read, for it was answered. Of a call that failed, Orleans may still write the message: that memory is left to the collector.
        _batch!.Dispose();
        return null;
    }

    // Copies, because the call may outlive the step. Only the rows that the shard is asked about.
    private ExpertBatch Gather(int layer, RoutedTokens tokens)
    {
        ReadOnlySpan<int> tokenOfChoice = choices.Rows.Span;
        TensorBuffer<int> rows = TensorBuffer<int>.Rent(tokenOfChoice.Length);
        int count = 0;
        for (int i = 0; i < tokenOfChoice.Length; i++)
        {
            count += i == 0 || tokenOfChoice[i] != tokenOfChoice[i - 1] ? 1 : 0;
            rows.Span[i] = count - 1;
        }

        int width = tokens.HiddenSize;
        TensorBuffer<float> inputs = TensorBuffer<float>.Rent(count * width);
        for (int i = 0; i < tokenOfChoice.Length; i++)
        {
            if (i == 0 || rows.Span[i] != rows.Span[i - 1])
            {
                tokens.Inputs.Span.Slice(tokenOfChoice[i] * width, width).CopyTo(inputs.Span[(rows.Span[i] * width)..]);
            }
        }

        return new ExpertBatch
        {
            Layer = layer,
            HiddenSize = width,
            Inputs = inputs,
            Rows = rows,
            ExpertIds = TensorBuffer<int>.CopyOf(choices.Experts.Span),
        };
    }
}
