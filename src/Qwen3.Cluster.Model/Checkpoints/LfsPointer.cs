namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>What a clone without Git LFS leaves in place of a large file: three lines of text.</summary>
internal static class LfsPointer
{
    private static ReadOnlySpan<byte> Start => "version https://git-lfs"u8;

    /// <param name="path">For the message.</param>
    /// <param name="firstBytes">The file's beginning.</param>
    public static void ThrowIfPointer(string path, ReadOnlySpan<byte> firstBytes)
    {
        if (firstBytes.StartsWith(Start))
        {
            throw new CheckpointException(
                $"{path} is a Git LFS pointer and not the file itself: run 'git lfs pull' in its directory, or download the file.");
        }
    }
}
