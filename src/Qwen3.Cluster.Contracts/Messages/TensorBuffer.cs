using System.Buffers;

namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>
/// Numbers in memory that is borrowed from the pool of arrays and goes back when this is disposed of. In one process a message and whoever sent it
/// have the same one, so either may dispose of it, and the second time does nothing. One that nobody disposes of is left to the collector.
/// </summary>
/// <typeparam name="T">A number; on the wire as it lies in memory.</typeparam>
[Immutable]
public sealed class TensorBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly int _length;
    private T[]? _array;

    private TensorBuffer(T[] array, int length) => (_array, _length) = (array, length);

    /// <summary>The numbers.</summary>
    /// <exception cref="ObjectDisposedException">They are no longer there.</exception>
    public Memory<T> Memory => Array.AsMemory(0, _length);

    /// <summary>The numbers.</summary>
    /// <exception cref="ObjectDisposedException">They are no longer there.</exception>
    public Span<T> Span => Array.AsSpan(0, _length);

    private T[] Array => _array ?? throw new ObjectDisposedException(nameof(TensorBuffer<>));

    /// <summary>Room for some numbers, which may be anything.</summary>
    public static TensorBuffer<T> Rent(int length) => new(ArrayPool<T>.Shared.Rent(length), length);

    /// <summary>A copy of some numbers.</summary>
    public static TensorBuffer<T> CopyOf(ReadOnlySpan<T> values)
    {
        TensorBuffer<T> buffer = Rent(values.Length);
        values.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>Gives the memory back: whoever still reads it reads the numbers of another.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            ArrayPool<T>.Shared.Return(array);
        }
    }
}
