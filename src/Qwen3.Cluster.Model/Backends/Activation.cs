namespace Qwen3.Cluster.Model.Backends;

/// <summary>Float32 numbers [Rows, Columns] on the device of a back-end, one row a row of the batch. Made once and refilled.</summary>
/// <param name="columns">Length of a row.</param>
public abstract class Activation(int columns) : IDisposable
{
    /// <summary>Rows of the step at hand.</summary>
    public int Rows { get; protected set; }

    /// <summary>Length of a row.</summary>
    public int Columns { get; } = columns;

    /// <summary>Sets the number of rows; what the rows held is lost. Memory grows when it must and never shrinks.</summary>
    public abstract void Resize(int rows);

    /// <summary>Frees the memory.</summary>
    public abstract void Dispose();
}
