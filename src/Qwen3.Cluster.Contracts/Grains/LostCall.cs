using Orleans.Runtime.Messaging;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>Tells calls that were lost on their way from those that a grain has answered with an error.</summary>
public static class LostCall
{
    /// <summary>
    /// Whether a grain call failed because the node that was asked is gone, does not answer, or the cluster has not found together again after
    /// a loss: the same call may succeed later, or at another grain. A call that Orleans gave up in the middle of a change of members comes
    /// back as cancelled; whoever passes a token of his own asks that first. What a grain threw and Orleans only wrapped is its answer.
    /// </summary>
    /// <param name="exception">What the call threw.</param>
    public static bool Is(Exception exception) =>
        exception is (OrleansException and not WrappedException) or EnumerationAbortedException or ConnectionFailedException or TimeoutException or OperationCanceledException;
}
