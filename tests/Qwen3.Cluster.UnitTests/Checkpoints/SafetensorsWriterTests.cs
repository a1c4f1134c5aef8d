using System.Buffers.Binary;
using System.Text;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-writer-").FullName;

    private string FilePath => Path.Combine(_directory, "model.safetensors");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_layout_is_the_original_library_s()
    {
        SafetensorsWriter.Write(FilePath,
        [
            new TensorData("z", TensorType.U8, [1], new byte[] { 9 }),
            TensorData.FromFloats("b", TensorType.BF16, [1, -2], 1, 2),
            TensorData.FromFloats("a", TensorType.F16, [0.5f], 1),
            TensorData.FromFloats("c", TensorType.F32, [3], 1),
        ]);

        byte[] bytes = File.ReadAllBytes(FilePath);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal("""
            {"__metadata__":{"format":"pt"},"c":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F16","shape":[1],"data_offsets":[4,6]},"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[6,10]},"z":{"dtype":"U8","shape":[1],"data_offsets":[10,11]}}
            """, Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal([0, 0, 0x40, 0x40, 0x00, 0x38, 0x80, 0x3F, 0x00, 0xC0, 9], bytes[(8 + length)..]);
    }

    [Fact]
    public void The_order_of_the_tensors_does_not_change_the_bytes()
    {
        TensorData[] tensors = [TensorData.FromFloats("b", TensorType.F32, [1], 1), TensorData.FromFloats("ä", TensorType.BF16, [2], 1), TensorData.FromFloats("a", TensorType.F32, [3], 1)];
        SafetensorsWriter.Write(FilePath, tensors);
        byte[] first = File.ReadAllBytes(FilePath);
        SafetensorsWriter.Write(FilePath, tensors.Reverse());

        Assert.Equal(first, File.ReadAllBytes(FilePath));
        Assert.Equal([3.0], SimpleSafetensors.Read(FilePath)["a"].Values);
        Assert.Equal([2.0], SimpleSafetensors.Read(FilePath)["ä"].Values);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_beside_it()
    {
        SafetensorsWriter.Write(FilePath, [TensorData.FromFloats("a", TensorType.F32, [1], 1)]);
        byte[] before = File.ReadAllBytes(FilePath);

        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(FilePath, [TensorData.FromFloats("a", TensorType.F32, [1], 2)]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(FilePath, [TensorData.FromFloats("a", TensorType.F32, [1], 1), TensorData.FromFloats("a", TensorType.F32, [2], 1)]));

        Assert.Equal(before, File.ReadAllBytes(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(_directory));
    }
}
