using System.Buffers.Binary;
using System.Text;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class SafetensorsHeaderTests : IDisposable
{
    private const string Good = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1,4],"data_offsets":[8,16]}}""";
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Tensors_come_in_the_order_of_their_bytes()
    {
        Write("""{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[1,4],"data_offsets":[8,16]},"a":{"data_offsets":[0,8],"shape":[2],"dtype":"F32"}}""", 16);

        List<TensorInfo> tensors = SafetensorsHeader.Read(_path);

        Assert.Equal(["a F32 [2] 8", "b BF16 [1, 4] 8"], tensors.Select(tensor => $"{tensor.Name} {tensor.Type} {tensor.ShapeText} {tensor.ByteCount}"));
        Assert.Equal(8, tensors[1].Offset - tensors[0].Offset);
        Assert.Equal(new FileInfo(_path).Length, tensors[1].Offset + 8);
    }

    [Theory]
    [InlineData("""{}""", 0, 0)]
    [InlineData("""{"scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, 1)]
    [InlineData("""{"empty":{"dtype":"I64","shape":[0,3],"data_offsets":[0,0]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, 2)]
    [InlineData("""{"x":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}        """, 3, 1)]
    public void Unusual_but_valid_headers_are_read(string header, int dataBytes, int tensors)
    {
        Write(header, dataBytes);

        Assert.Equal(tensors, SafetensorsHeader.Read(_path).Count);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"U8","shape":[4],"data_offsets":[12,16]}}""", "overlaps \"a\"")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "overlaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[12,16]}}""", "no gaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "describes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}}""", "takes 20")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4,0],"data_offsets":[0,16]}}""", "takes 0")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,16]}}""", "takes 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[400],"data_offsets":[0,1600]}}""", "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[9223372036854775000,9223372036854775016]}}""", "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,16]}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1.6e1]}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999999]}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":"0-16"}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", "dimension -4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,16]}}""", "dimension 2147483648")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,5],"data_offsets":[0,16]}}""", "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[65536,65536,65536,65536,4],"data_offsets":[0,16]}}""", "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":4,"data_offsets":[0,16]}}""", "list of dimensions")]
    [InlineData("""{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,16]}}""", "unknown dtype \"F4\"")]
    [InlineData("""{"a":{"dtype":7,"shape":[4],"data_offsets":[0,16]}}""", "unknown dtype 7")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4]}}""", "data_offsets")]
    [InlineData("""{"a":[0,16]}""", "data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}}""", "not valid JSON")]
    [InlineData("""{"a\ud800":{"dtype":"U8","shape":[16],"data_offsets":[0,16]}}""", "header")]
    [InlineData("""["a"]""", "object")]
    [InlineData("""not JSON""", "not valid JSON")]
    public void A_wrong_header_is_refused(string header, string part)
    {
        Write(header, 16);

        AssertRefused(part);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(100_000_001UL)]
    [InlineData(0x8000_0000_0000_0000UL)]
    [InlineData(ulong.MaxValue)]
    public void A_hostile_header_length_is_refused(ulong length)
    {
        Write(Good, 16, length);

        AssertRefused($"claims a header of {length} bytes");
    }

    [Fact]
    public void A_header_that_is_longer_than_the_file_is_refused()
    {
        Write(Good, 16, (ulong)Good.Length + 17);

        AssertRefused("truncated");
    }

    [Fact]
    public void Each_truncation_is_refused()
    {
        Write(Good, 16);
        byte[] whole = File.ReadAllBytes(_path);
        Assert.Equal(2, SafetensorsHeader.Read(_path).Count);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_path, whole[..length]);

            AssertRefused(length < 8 ? "less than the length of a header" : "truncated");
        }
    }

    [Fact]
    public void Bytes_after_the_last_tensor_are_refused()
    {
        Write(Good, 17);

        AssertRefused("describes");
    }

    [Fact]
    public void Text_that_is_not_utf_8_is_refused()
    {
        Write(Good, 16);
        byte[] bytes = File.ReadAllBytes(_path);
        bytes[10] = 0xFF;
        File.WriteAllBytes(_path, bytes);

        AssertRefused("UTF-8");
    }

    [Fact]
    public void A_git_lfs_pointer_is_named_as_such()
    {
        File.WriteAllText(_path, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n");

        AssertRefused("git lfs pull");
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Write($"{{\"a\":{new string('[', 100_000)}{new string(']', 100_000)}}}", 0);

        AssertRefused("not valid JSON");
    }

    [Fact]
    public void A_missing_file_is_refused()
    {
        File.Delete(_path);

        AssertRefused("cannot be read");
    }

    private void AssertRefused(string part)
    {
        string message = Assert.Throws<CheckpointException>(() => SafetensorsHeader.Read(_path)).Message;
        Assert.Contains(_path, message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
    }

    private void Write(string header, int dataBytes, ulong? length = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length ?? (ulong)text.Length);
        text.CopyTo(file, 8);
        File.WriteAllBytes(_path, file);
    }
}
