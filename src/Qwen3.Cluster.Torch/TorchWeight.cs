using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Torch;

/// <summary>A weight as float32 on a device.</summary>
internal sealed class TorchWeight : Weight
{
    /// <summary>How much is converted at once: a tensor's bytes are one span, which holds at most 2 GiB.</summary>
    private const int BlockElements = 1 << 24;

    public TorchWeight(TensorView tensor, Device device)
        : base(tensor.Rows, tensor.Columns)
    {
        Values = empty([Rows, Columns], float32, device);
        int blockRows = Math.Max(1, BlockElements / Columns);
        for (int row = 0; row < Rows; row += blockRows)
        {
            int count = Math.Min(blockRows, Rows - row);
            using Tensor block = empty([count, Columns], float32);
            tensor.SliceRows(row, count).CopyTo(HostMemory.Values(block));
            using Tensor place = Values.narrow(0, row, count);
            place.copy_(block);
        }
    }

    /// <summary>[Rows, Columns].</summary>
    public Tensor Values { get; }

    public override long ByteCount => (long)Rows * Columns * sizeof(float);

    public override void Dispose() => Values.Dispose();
}
