using Qwen3.Cluster.Model.Backends;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Torch;

/// <summary>An activation on a device: the first rows of a block that grows.</summary>
internal sealed class TorchActivation(int columns, Device device) : Activation(columns)
{
    private Tensor block = empty([0, columns], float32, device);
    private Tensor? values;

    /// <summary>[Rows, Columns], contiguous.</summary>
    public Tensor Values => values ?? throw new InvalidOperationException("The activation has no rows yet; call Resize first.");

    public override void Resize(int rows)
    {
        if (values is not null && rows == Rows)
        {
            return;
        }

        values?.Dispose();
        if (block.shape[0] < rows)
        {
            long capacity = Math.Max(rows, block.shape[0] * 2);
            block.Dispose();
            block = empty([capacity, Columns], float32, device).DetachFromDisposeScope();
        }

        // It outlives the work of whoever resizes it.
        values = block.narrow(0, 0, rows).DetachFromDisposeScope();
        Rows = rows;
    }

    public override void Dispose()
    {
        values?.Dispose();
        block.Dispose();
    }
}
