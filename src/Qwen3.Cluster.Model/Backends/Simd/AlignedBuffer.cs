using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Float32 numbers in native memory, zero at first, at a multiple of 64 bytes; in large pages where they are many and the system has such. It grows, and then
/// loses what it held.
/// </summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint Alignment = 64;

    private void* _memory;

    public AlignedBuffer(long length = 0) => EnsureRoom(length);

    ~AlignedBuffer() => NativeMemory.Free(_memory);

    public float* Data { get; private set; }

    public long Length { get; private set; }

    /// <summary>Makes room for so many numbers; zeros where it had to grow, else what was there.</summary>
    public void EnsureRoom(long length)
    {
        if (length <= Length)
        {
            return;
        }

        // Zeroed by the system page by page as they are touched, where it is much.
        long room = Math.Max(length, Length > int.MaxValue ? length : Length * 2);
        nuint bytes = checked(((nuint)room * sizeof(float)) + Alignment);
        void* memory = NativeMemory.AllocZeroed(bytes);
        _ = MemoryAdvice.PreferLargePages(memory, bytes);
        NativeMemory.Free(_memory);
        _memory = memory;
        Data = (float*)(((nuint)memory + Alignment - 1) & ~(Alignment - 1));
        Length = room;
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        Data = null;
        Length = 0;
        GC.SuppressFinalize(this);
    }
}
