using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

/// <summary>The packed file of a checkpoint: made once, used again, told and rebuilt when it does not fit. One class: the cache is the process's.</summary>
public sealed class PackedFileTests : IDisposable
{
    private readonly string _directory = RandomCheckpoint.Make(new JsonObject { ["hidden_size"] = 160, ["num_experts"] = 4 }, seed: 21);
    private readonly string _cache = Directory.CreateTempSubdirectory("qwen3-cache-").FullName;
    private readonly List<string> _told = [];

    public PackedFileTests() => Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _cache);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", null);
        Directory.Delete(_cache, recursive: true);
    }

    [Theory]
    [InlineData(WeightFormat.Q8, TensorType.Q8)]
    [InlineData(WeightFormat.Q4, TensorType.Q4)]
    public void Projections_are_packed_and_the_rest_is_as_it_was(WeightFormat format, TensorType type)
    {
        using Checkpoint source = Checkpoint.Open(_directory), packed = Checkpoint.Open(_directory, format, _told.Add);
        foreach (ExpectedTensor tensor in TensorCatalog.Expected(source.Config))
        {
            TensorView view = packed.Get(tensor.Name, tensor.Shape);
            bool isProjection = tensor.Name.EndsWith("_proj.weight", StringComparison.Ordinal);
            Assert.Equal(isProjection ? type : tensor.Name == "lm_head.weight" ? TensorType.Q8 : TensorType.BF16, view.Type);
            TensorView whole = source.Get(tensor.Name);
            Assert.Equal(view.Type.IsPacked() ? TensorPacker.Pack(whole, view.Type).ToFloats() : whole.ToFloats(), view.ToFloats());
        }

        Assert.Contains("this happens once", Assert.Single(_told));
    }

    [Fact]
    public void A_second_opening_finds_the_file_and_a_changed_source_does_not()
    {
        Checkpoint.Open(_directory, WeightFormat.Q4, _told.Add).Dispose();
        string file = Assert.Single(Cached());
        DateTime written = File.GetLastWriteTimeUtc(file);
        Checkpoint.Open(_directory, WeightFormat.Q4, _told.Add).Dispose();
        Assert.Single(_told);
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));

        Checkpoint.Open(_directory, WeightFormat.Q8, _told.Add).Dispose();
        File.SetLastWriteTimeUtc(Path.Combine(_directory, "model.safetensors"), written.AddHours(1));
        Checkpoint.Open(_directory, WeightFormat.Q4, _told.Add).Dispose();
        Assert.Equal(3, Cached().Length);
        Assert.Equal(3, _told.Count);
    }

    [Fact]
    public void A_damaged_file_is_told_and_rebuilt()
    {
        Checkpoint.Open(_directory, WeightFormat.Q4, _told.Add).Dispose();
        string file = Assert.Single(Cached());
        byte[] whole = File.ReadAllBytes(file);
        foreach ((byte[] damaged, string why) in ((byte[], string)[])
            [
                (whole[..^64], "bytes instead of"), (whole[..10], "is no packed file"), ([], "is no packed file"),
                ([.. whole[..20], (byte)(whole[20] ^ 1), .. whole[21..]], "another checkpoint"),
            ])
        {
            _told.Clear();
            File.WriteAllBytes(file, damaged);
            Checkpoint.Open(_directory, WeightFormat.Q4, _told.Add).Dispose();
            Assert.Equal(2, _told.Count);
            Assert.Contains(file, _told[0]);
            Assert.Contains(why, _told[0]);
            Assert.Equal(whole, File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void A_changed_number_is_found_by_the_checksum_and_made_again()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_directory);
        string file = checkpoint.Pack(WeightFormat.Q4);
        checkpoint.VerifyPacked(WeightFormat.Q4, _told.Add);
        Assert.EndsWith("is whole.", Assert.Single(_told));

        byte[] whole = File.ReadAllBytes(file), damaged = [.. whole];
        damaged[^1] ^= 1;
        File.WriteAllBytes(file, damaged);
        checkpoint.VerifyPacked(WeightFormat.Q4, _told.Add);
        Assert.Contains("is damaged", _told[1]);
        Assert.Equal(whole, File.ReadAllBytes(file));
    }

    [Fact]
    public void One_beside_the_checkpoint_comes_first_unless_it_is_foreign()
    {
        string beside;
        using (Checkpoint checkpoint = Checkpoint.Open(_directory))
        {
            beside = checkpoint.Pack(WeightFormat.Q8);
        }

        Checkpoint.Open(_directory, WeightFormat.Q8, _told.Add).Dispose();
        Assert.Empty(_told);
        Assert.Empty(Cached());
        File.SetLastWriteTimeUtc(Path.Combine(_directory, "model.safetensors"), DateTime.UtcNow.AddHours(1));
        Checkpoint.Open(_directory, WeightFormat.Q8, _told.Add).Dispose();
        Assert.Contains(beside, _told[0]);
        Assert.Single(Cached());
    }

    [Fact]
    public void A_file_that_cannot_be_written_leaves_nothing_behind()
    {
        string notADirectory = Path.Combine(_cache, "file");
        File.WriteAllText(notADirectory, "");
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(notADirectory, "cache"));
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_directory, WeightFormat.Q8)).Message;
        Assert.Contains("XDG_CACHE_HOME", message);
        Assert.Single(Directory.GetFileSystemEntries(_cache));
    }

    [Fact]
    public void The_model_of_it_is_close_to_the_whole_one()
    {
        int[] prompt = [.. Enumerable.Range(1, 20)];
        using TestModel whole = new(_directory, new SimdBackend());
        double[] errors = [.. ((WeightFormat[])[WeightFormat.Q8, WeightFormat.Q4]).Select(format =>
        {
            using TestModel packed = new(_directory, new SimdBackend(2), format);
            double[] rows = [.. whole.Logits(prompt).Zip(packed.Logits(prompt), (a, b) => Math.Sqrt(a.Zip(b).Average(pair => Math.Pow(pair.First - pair.Second, 2))))];
            return rows.Order().ElementAt(rows.Length / 2);
        })];
        Assert.InRange(errors[0], 1e-6, 0.06);
        Assert.InRange(errors[1], errors[0], 0.4);
    }

    private string[] Cached()
    {
        string weights = Path.Combine(_cache, "qwen3-cluster", "weights");
        return Directory.Exists(weights) ? Directory.GetFiles(weights) : [];
    }
}
