using System.IO.MemoryMappedFiles;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// A file in memory, read only, page by page as it is touched. It stays as long as anything refers to this object:
/// there is deliberately no Dispose, because a view that outlives it would read freed memory.
/// </summary>
internal sealed unsafe class MappedFile
{
    private readonly MemoryMappedViewAccessor _view;

    private MappedFile(MemoryMappedViewAccessor view, long length)
    {
        _view = view;
        Length = length;
        // The address is valid until the view's handle is finalised, which this object prevents: no reference count is held on top.
        byte* data = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        Data = data + view.PointerOffset;
    }

    public byte* Data { get; }

    public long Length { get; }

    /// <param name="path">The file.</param>
    /// <param name="end">The length that its header describes; a file of another length has changed since.</param>
    public static MappedFile Open(string path, long end)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length != end)
            {
                throw new CheckpointException(
                    $"{path} had {end} bytes when the checkpoint was opened and has {stream.Length} now: do not change a checkpoint in use.");
            }

            using MemoryMappedFile map =
                MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedFile(map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be mapped into memory: {e.Message}", e);
        }
    }
}
