using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Quantization;

/// <summary>
/// How a quantised matrix lies in memory for the vector kernels. Eight rows make a group; a group is cut into superblocks of 128 columns, one after
/// the other. A superblock is one cache line of 32 scales as float16, [4 blocks][8 rows], then for each block of 32 columns vectors of
/// 8 rows × 4 columns: so a lane of a register is a row, and no sum runs across a register.
/// </summary>
/// <remarks>
/// <see cref="TensorType.Q8"/>: 8 vectors a block, each number a signed byte; 1,088 bytes a superblock.
/// <see cref="TensorType.Q4"/>: 4 vectors a block, vector v has the columns 4v … 4v + 3 in its low nibbles and those 16 further in its high ones; a nibble
/// n means n − 8; 576 bytes a superblock. Rows and columns beyond the matrix are there as zeros, with scale 0.
/// </remarks>
public static class PackedLayout
{
    /// <summary>Columns that share a scale.</summary>
    public const int BlockColumns = 32;

    /// <summary>Rows of a group.</summary>
    public const int GroupRows = 8;

    /// <summary>Columns of a superblock.</summary>
    public const int SuperblockColumns = 128;

    /// <summary>Weights of a superblock.</summary>
    public const int SuperblockWeights = GroupRows * SuperblockColumns;

    /// <summary>Bytes of the scales at the start of a superblock.</summary>
    public const int ScaleBytes = 64;

    /// <summary>Blocks of a superblock.</summary>
    internal const int Blocks = SuperblockColumns / BlockColumns;

    /// <summary>Bytes of one block of a group, without its scales.</summary>
    public static int BlockBytes(TensorType type) => GroupRows * BlockColumns * BitsOf(type) / 8;

    /// <summary>Bytes of one superblock.</summary>
    public static int SuperblockBytes(TensorType type) => ScaleBytes + (Blocks * BlockBytes(type));

    /// <summary>Bytes of a whole matrix.</summary>
    public static long ByteCount(TensorType type, int rows, int columns) => (long)GroupCount(rows) * SuperblockCount(columns) * SuperblockBytes(type);

    /// <summary>Groups that hold so many rows.</summary>
    public static int GroupCount(int rows) => (int)(((long)rows + GroupRows - 1) / GroupRows);

    /// <summary>Superblocks that hold so many columns.</summary>
    public static int SuperblockCount(int columns) => (int)(((long)columns + SuperblockColumns - 1) / SuperblockColumns);

    private static int BitsOf(TensorType type) => type switch
    {
        TensorType.Q8 => 8,
        TensorType.Q4 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Only Q8 and Q4 are packed."),
    };
}
