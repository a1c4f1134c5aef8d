using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// A router's side of one shard: which choices go there, the call under way, and the buffers that the two share by reference.
/// A buffer is used again only after the call that saw it has ended; one that a late shard may still read or fill is left behind.
/// </summary>
internal sealed class ShardLink(IExpertShardGrain shard)
{
    private int[] _rows = [];
    private int[] _expertIds = [];
    private int[] _slots = [];
    private float[] _reply = [];
    private Task<ExpertOutputs>? _call;

    /// <summary>Choices of the layer at hand.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a call is under way that may still touch the buffers.</summary>
    public bool IsBusy => _call is { IsCompleted: false };

    /// <summary>Makes room for the choices of a layer; there are none yet.</summary>
    public void Reset(int mostChoices)
    {
        Count = 0;
        _call = null;
        if (_rows.Length < mostChoices)
        {
            int length = Math.Max(mostChoices, 2 * _rows.Length);
            _rows = new int[length];
            _expertIds = new int[length];
            _slots = new int[length];
        }
    }

    /// <summary>Adds a choice.</summary>
    /// <param name="row">The token's row in the inputs.</param>
    /// <param name="expert">The expert, one of this shard's.</param>
    /// <param name="slot">Where its output belongs.</param>
    public void Add(int row, int expert, int slot)
    {
        _rows[Count] = row;
        _expertIds[Count] = expert;
        _slots[Count++] = slot;
    }

    /// <summary>Sends the choices on their way, if there are any.</summary>
    public void Send(int layer, int hiddenSize, ReadOnlyMemory<float> inputs)
    {
        if (Count == 0)
        {
            return;
        }

        if (_reply.Length < Count * hiddenSize)
        {
            _reply = new float[Math.Max(Count * hiddenSize, 2 * _reply.Length)];
        }

        _call = shard.Compute(new ExpertBatch
        {
            Layer = layer,
            HiddenSize = hiddenSize,
            Inputs = inputs,
            Rows = _rows.AsMemory(0, Count),
            ExpertIds = _expertIds.AsMemory(0, Count),
            ReplyBuffer = _reply.AsMemory(0, Count * hiddenSize),
        });
    }

    /// <summary>Blocks until the shard has answered or failed.</summary>
    /// <returns>False: the time was up.</returns>
    /// <exception cref="OperationCanceledException">The caller is to stop.</exception>
    public bool Wait(TimeSpan limit, CancellationToken stopping)
    {
        if (_call is null)
        {
            return true;
        }

        try
        {
            return _call.Wait(limit, stopping);
        }
        catch (AggregateException)
        {
            return true; // Take says what it was.
        }
    }

    /// <summary>Puts the shard's outputs in their slots of outputs [*, HiddenSize].</summary>
    /// <exception cref="Exception">What the shard threw.</exception>
    public void Take(Span<float> outputs, int hiddenSize)
    {
        if (_call is null)
        {
            return;
        }

        ReadOnlySpan<float> answered = _call.GetAwaiter().GetResult().Outputs.Span;
        for (int i = 0; i < Count; i++)
        {
            answered.Slice(i * hiddenSize, hiddenSize).CopyTo(outputs.Slice(_slots[i] * hiddenSize, hiddenSize));
        }
    }

    /// <summary>Leaves the buffers to a call that has not ended.</summary>
    public void Abandon()
    {
        _rows = _expertIds = _slots = [];
        _reply = [];
        _call = null;
    }
}
