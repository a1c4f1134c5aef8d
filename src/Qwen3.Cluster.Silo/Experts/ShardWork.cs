using Qwen3.Cluster.Silo.Compute;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// The choices of one layer that one shard computes. Made once by who asks and used again, so that asking allocates nothing;
/// between <see cref="IShardExecutor.Start"/> and <see cref="Complete"/> it belongs to the shard.
/// </summary>
internal abstract class ShardWork : IComputeWork
{
    /// <summary>0 to layers − 1.</summary>
    public int Layer { get; set; }

    /// <summary>[*, H].</summary>
    public ReadOnlyMemory<float> Inputs { get; set; }

    /// <summary>For each choice, its row of the inputs.</summary>
    public ReadOnlyMemory<int> Rows { get; set; }

    /// <summary>For each choice, its expert.</summary>
    public ReadOnlyMemory<int> ExpertIds { get; set; }

    /// <summary>[choices, H], or with slots [*, H]; filled by the shard.</summary>
    public Memory<float> Outputs { get; set; }

    /// <summary>For each choice, its row of the outputs; empty: in the order of the choices.</summary>
    public ReadOnlyMemory<int> Slots { get; set; }

    /// <summary>Set by the shard while the work is under way.</summary>
    internal IShardComputation? Computation { get; set; }

    /// <summary>Called once, on the shard's compute thread, which it must not hold up.</summary>
    /// <param name="error">Null: the outputs are there.</param>
    public abstract void Complete(Exception? error);

    void IComputeWork.Run()
    {
        Exception? error = null;
        try
        {
            Computation!.Compute(this);
        }
        catch (Exception exception)
        {
            error = exception;
        }

        Complete(error);
    }

    void IComputeWork.Refuse(Exception reason) => Complete(reason);
}
