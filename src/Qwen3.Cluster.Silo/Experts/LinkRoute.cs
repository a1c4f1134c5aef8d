using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// To the shards of another process, over the link to it: one frame there and one back, whatever the number of shards and tokens.
/// Only what is larger than a frame may be takes several.
/// </summary>
internal sealed class LinkRoute : ShardRoute
{
    private readonly NodeLink _link;
    private readonly ulong[] _epochs;
    private readonly ActivationPrecision _precision;
    private readonly List<LinkCall> _calls = [];
    private int _callCount; // under way
    private Exception? _failure;
    private int[] _rowOfToken = []; // where a token's row is in the frame, plus one; 0: not yet

    /// <summary>Makes the way.</summary>
    /// <param name="shards">The choices of each shard.</param>
    /// <param name="link">Leads to the node that holds them.</param>
    /// <param name="epochs">The shards' epochs, in the same order.</param>
    /// <param name="precision">Of the numbers on the wire.</param>
    public LinkRoute(ShardChoices[] shards, NodeLink link, ulong[] epochs, ActivationPrecision precision)
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

        (_callCount, _failure) = (0, null);
        int mostChoices = _link.MostChoices(tokens.HiddenSize, _precision);
        LinkCall? call = null;
        for (int i = 0; i < Shards.Length; i++)
        {
            ReadOnlySpan<int> rows = Shards[i].Rows.Span;
            ReadOnlySpan<int> experts = Shards[i].Experts.Span;
            for (int j = 0; j < rows.Length; j++)
            {
                if (call is null || call.ChoiceCount == mostChoices)
                {
                    SendIfAny(call);
                    call = NextCall(layer, tokens);
                    call.AddSection(_epochs[i]);
                }
                else if (j == 0)
                {
                    call.AddSection(_epochs[i]);
                }

                call.AddChoice(RowOf(rows[j], tokens, call), experts[j]);
            }
        }

        SendIfAny(call);
    }

    /// <inheritdoc/>
    public override bool Wait(TimeSpan limit, CancellationToken stopping)
    {
        for (int i = 0; i < _callCount; i++)
        {
            try
            {
                _calls[i].Wait(limit, stopping);
            }
            catch (Exception exception) when (exception is LinkBrokenException or ExpertShardException)
            {
                _failure = exception;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override Exception? Take(RoutedTokens tokens)
    {
        if (_failure is not null)
        {
            return _failure;
        }

        Span<float> outputs = tokens.Outputs.Span;
        int call = 0;
        int choice = 0;
        foreach (ShardChoices choices in Shards)
        {
            foreach (int slot in choices.Slots.Span)
            {
                if (choice == _calls[call].ChoiceCount)
                {
                    (call, choice) = (call + 1, 0);
                }

                _calls[call].CopyOutput(choice++, outputs.Slice(slot * tokens.HiddenSize, tokens.HiddenSize));
            }
        }

        return null;
    }

    private LinkCall NextCall(int layer, RoutedTokens tokens)
    {
        if (_callCount == _calls.Count)
        {
            _calls.Add(new LinkCall());
        }

        LinkCall call = _calls[_callCount++];
        call.Reset(layer, tokens.HiddenSize, _precision);
        _rowOfToken.AsSpan(0, tokens.TokenCount).Clear();
        return call;
    }

    // A token that asks several experts of the node goes there once.
    private int RowOf(int token, RoutedTokens tokens, LinkCall call)
    {
        ref int row = ref _rowOfToken[token];
        if (row == 0)
        {
            row = call.AddRow(tokens.Inputs.Span.Slice(token * tokens.HiddenSize, tokens.HiddenSize)) + 1;
        }

        return row - 1;
    }

    private void SendIfAny(LinkCall? call)
    {
        if (call is not null)
        {
            _link.Send(call);
        }
    }
}
