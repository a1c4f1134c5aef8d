namespace Qwen3.Cluster.Model.Backends;

/// <summary>A matrix [Rows, Columns] of a checkpoint where and how its back-end wants it; a vector [n] is [1, n].</summary>
/// <param name="rows">Output features.</param>
/// <param name="columns">Input features.</param>
public abstract class Weight(int rows, int columns) : IDisposable
{
    /// <summary>Output features.</summary>
    public int Rows { get; } = rows;

    /// <summary>Input features.</summary>
    public int Columns { get; } = columns;

    /// <summary>Bytes that it takes, mapped ones included.</summary>
    public abstract long ByteCount { get; }

    /// <summary>
    /// Has what is mapped from a file and not in memory yet read, and does not wait for it. Nothing where the back-end has a copy of its own, or the matrix is
    /// cut out of the columns of a wider one.
    /// </summary>
    public virtual void Fetch()
    {
    }

    /// <summary>Frees what the back-end holds for it. Memory that a checkpoint has mapped stays the checkpoint's.</summary>
    public abstract void Dispose();
}
