using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>To the shards of another process, over the link to it: one frame there and one back, whatever the number of shards and tokens.</summary>
internal sealed class LinkRoute : ShardRoute
{
    private readonly NodeLink _link;
    private readonly ulong[] _epochs;
    private readonly ActivationPrecision _precision;
    private readonly LinkCall _call = new();
    private int[] _rowOfToken = []; // where a token's row is in the frame, plus one; 0: not yet

    /// <summary>Makes the way.</summary>
    /// <param name="shards">The choices of each shard.</param>
    /// <param name="link">Leads to the node that holds them.</param>
    /// <param name="epochs">The shards' epochs, in the same order.</param>
    /// <param name="precision">Of the numbers on the wire.</param>
    public LinkRoute(IReadOnlyList<ShardChoices> shards, NodeLink link, ulong[] epochs, ActivationPrecision precision)
        : base(shards)
    {
        _link = link;
        _epochs = epochs;
        _precision = precision;
    }

    /// <inheritdoc/>
    public override void Send(int layer, RoutedTokens tokens)
    {
        if (_rowOfToken.Length < tokens.TokenCount)
        {
            _rowOfToken = new int[tokens.TokenCount];
        }

        _rowOfToken.AsSpan(0, tokens.TokenCount).Clear();
        _call.Reset(layer, tokens.HiddenSize, _precision);
        ReadOnlySpan<float> inputs = tokens.Inputs.Span;
        for (int i = 0; i < Shards.Count; i++)
        {
            ShardChoices choices = Shards[i];
            if (choices.Count == 0)
            {
                continue;
            }

            _call.AddSection(_epochs[i]);
            ReadOnlySpan<int> rows = choices.Rows.Span;
            ReadOnlySpan<int> experts = choices.Experts.Span;
            for (int j = 0; j < rows.Length; j++)
            {
                ref int row = ref _rowOfToken[rows[j]];
                if (row == 0)
                {
                    row = _call.AddRow(inputs.Slice(rows[j] * tokens.HiddenSize, tokens.HiddenSize)) + 1;
                }

                _call.AddChoice(row - 1, experts[j]);
            }
        }

        _link.Send(_call);
    }

    /// <inheritdoc/>
    public override bool Wait(TimeSpan limit, CancellationToken stopping) => _call.Wait(limit, stopping);

    /// <inheritdoc/>
    public override Exception? Take(RoutedTokens tokens)
    {
        if (_call.Error is { } error)
        {
            return error;
        }

        Span<float> outputs = tokens.Outputs.Span;
        int choice = 0;
        foreach (ShardChoices choices in Shards)
        {
            foreach (int slot in choices.Slots)
            {
                _call.CopyOutput(choice++, outputs.Slice(slot * tokens.HiddenSize, tokens.HiddenSize));
            }
        }

        return null;
    }
}
