namespace Qwen3.Cluster.Silo.Compute;

/// <summary>A piece of work of a <see cref="ComputeThread"/>. One that its owner uses again makes posting it free.</summary>
internal interface IComputeWork
{
    /// <summary>Does it, on the thread. Must not throw.</summary>
    void Run();

    /// <summary>The thread has ended before the work's turn. Must not throw.</summary>
    void Refuse(Exception reason);
}
