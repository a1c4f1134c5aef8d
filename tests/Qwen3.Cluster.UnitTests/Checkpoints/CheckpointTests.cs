using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class CheckpointTests
{
    private const string Query = "model.layers.0.self_attn.q_proj.weight";

    public static TheoryData<string> Fixtures => [.. FixtureCheckpoints.Names];

    [Theory, MemberData(nameof(Fixtures))]
    public void Every_tensor_has_the_values_of_an_independent_reader(string name)
    {
        using Checkpoint checkpoint = FixtureCheckpoints.Open(name);
        Dictionary<string, SimpleSafetensors.Tensor> expected = SimpleSafetensors.Read(Path.Combine(FixtureCheckpoints.Directory(name), "model.safetensors"));

        Assert.Equal(expected.Keys.Order(), checkpoint.Tensors.Keys.Order());
        foreach ((string tensor, SimpleSafetensors.Tensor values) in expected)
        {
            double[] wanted = values.Values;
            if (expected.TryGetValue(tensor + "_scale_inv", out SimpleSafetensors.Tensor? scales))
            {
                wanted = [.. wanted.Select((value, i) => value * scales.Values[i / values.Shape[1] / 128 * scales.Shape[1] + i % values.Shape[1] / 128])];
            }

            TensorView view = checkpoint.Get(tensor, values.Shape);
            Assert.Equal(values.Shape, view.Shape);
            Assert.Equal(wanted.Select(value => (float)value), view.ToFloats());
        }
    }

    [Fact]
    public void Expected_values_are_read()
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected("tiny-moe");

        Assert.Equal([1, 17, 200, 42, 42, 255, 0, 99], expected["eight.ids"].Ids);
        Assert.Equal([8, 256], expected["eight.logits"].Shape);
        Assert.Equal(256, expected["eight.logits"].Row(7).Length);
    }

    [Fact]
    public void Shards_give_what_one_file_gives()
    {
        using CheckpointBuilder single = CheckpointBuilder.Moe().Write();
        using CheckpointBuilder sharded = CheckpointBuilder.Moe().WriteShards(name => $"model-{name.Length % 3}.safetensors");
        using Checkpoint one = Checkpoint.Open(single.Directory), many = Checkpoint.Open(sharded.Directory);

        foreach (ExpectedTensor tensor in TensorCatalog.Expected(one.Config))
        {
            Assert.Equal(one.Get(tensor.Name).ToFloats(), many.Get(tensor.Name, tensor.Shape).ToFloats());
        }

        Assert.Equal(3, many.MappedFiles.Count);
    }

    [Fact]
    public void Weights_can_be_f32_f16_and_bf16_side_by_side()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense();
        TensorType[] types = [TensorType.F32, TensorType.F16, TensorType.BF16];
        float[] values = [.. Enumerable.Range(0, 12 * 8).Select(i => i / 4f - 12)];
        foreach ((string part, TensorType type) in new[] { "gate", "up", "down" }.Zip(types))
        {
            int[] shape = part == "down" ? [8, 12] : [12, 8];
            builder.Replace(TensorData.FromFloats($"model.layers.0.mlp.{part}_proj.weight", type, values, shape));
        }

        using Checkpoint checkpoint = Checkpoint.Open(builder.Write().Directory);

        Assert.All(new[] { "gate", "up", "down" }, part => Assert.Equal(values, checkpoint.Get($"model.layers.0.mlp.{part}_proj.weight").ToFloats()));
    }

    [Fact]
    public void A_tied_model_may_store_its_head_again()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense();
        builder.Tensors.Add(TensorData.FromFloats("lm_head.weight", TensorType.BF16, new float[16 * 8], 16, 8));

        using Checkpoint checkpoint = Checkpoint.Open(builder.Write().Directory);

        Assert.True(checkpoint.Config.TieWordEmbeddings);
        Assert.True(checkpoint.Contains("lm_head.weight"));
    }

    [Fact]
    public void Dense_layers_of_a_sparse_model_have_their_own_tensors()
    {
        JsonObject config = CheckpointBuilder.MoeConfig();
        config["num_hidden_layers"] = 4;
        config["decoder_sparse_step"] = 2;
        config["mlp_only_layers"] = new JsonArray(3);
        using CheckpointBuilder builder = new(config);

        using Checkpoint checkpoint = Checkpoint.Open(builder.Write().Directory);

        Assert.Equal([false, true, false, false], Enumerable.Range(0, 4).Select(layer => checkpoint.Contains($"model.layers.{layer}.mlp.gate.weight")));
        Assert.Equal([true, false, true, true], Enumerable.Range(0, 4).Select(layer => checkpoint.Contains($"model.layers.{layer}.mlp.up_proj.weight")));
    }

    [Fact]
    public void Opening_maps_nothing_and_an_expert_maps_its_own_file_alone()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe().WriteShards(ShardOfExpert);
        using Checkpoint checkpoint = Checkpoint.Open(builder.Directory);
        Assert.Empty(checkpoint.MappedFiles);

        // The data of every other file goes away, and still expert 1 can be read to its end.
        foreach (string other in Directory.GetFiles(builder.Directory, "*.safetensors").Where(file => !file.EndsWith("expert-1.safetensors", StringComparison.Ordinal)))
        {
            File.WriteAllBytes(other, File.ReadAllBytes(other)[..^8]);
        }

        foreach (string part in (string[])["gate", "up", "down"])
        {
            string name = $"model.layers.0.mlp.experts.1.{part}_proj.weight";
            Assert.Equal(Floats(builder[name]), checkpoint.Get(name).ToFloats());
        }

        Assert.Equal(["expert-1.safetensors"], checkpoint.MappedFiles.Select(Path.GetFileName));
        string message = Assert.Throws<CheckpointException>(() => checkpoint.Get("model.layers.0.mlp.experts.2.up_proj.weight")).Message;
        Assert.Contains("expert-2.safetensors", message, StringComparison.Ordinal);
    }

    /// <summary>Within one file too: 16 MiB of experts, of which reading one brings only its own pages into memory.</summary>
    [Fact]
    public void An_expert_touches_only_its_own_pages()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Resident pages of a mapping are read from /proc/self/smaps.");
        JsonObject config = CheckpointBuilder.MoeConfig(experts: 16);
        config["hidden_size"] = 256;
        config["moe_intermediate_size"] = 682;
        using CheckpointBuilder builder = new CheckpointBuilder(config).Write();
        using Checkpoint checkpoint = Checkpoint.Open(builder.Directory);
        long fileBytes = new FileInfo(builder.WeightsPath).Length;
        Assert.True(fileBytes > 16_000_000);

        TensorView up = checkpoint.Get("model.layers.0.mlp.experts.10.up_proj.weight");
        long before = ResidentBytes(builder.WeightsPath);
        float[] values = up.ToFloats();
        long after = ResidentBytes(builder.WeightsPath);

        Assert.Equal(0, before);
        Assert.Equal(Floats(builder[up.Name]), values);
        // A fault brings up to 64 KiB around it, at either end.
        Assert.InRange(after, 2L * values.Length, 2L * values.Length + (256 << 10));
    }

    [Fact]
    public void Views_outlive_the_checkpoint()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense().Write();
        TensorView view = OpenAndForget(builder, out Checkpoint checkpoint);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(Floats(builder[Query]), view.ToFloats());
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Get(Query));

        static TensorView OpenAndForget(CheckpointBuilder builder, out Checkpoint checkpoint)
        {
            checkpoint = Checkpoint.Open(builder.Directory);
            TensorView view = checkpoint.Get(Query).SliceRows(0, 12);
            checkpoint.Dispose();
            return view;
        }
    }

    [Fact]
    public void Files_of_each_kind_that_are_missing_are_named()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe();
        Assert.Contains("does not exist", Refusal(builder.FilePath("nowhere")), StringComparison.Ordinal);
        builder.Refused("config.json", "missing");
        builder.WriteConfig();
        Assert.Contains("is a file", Refusal(builder.FilePath("config.json")), StringComparison.Ordinal);
        builder.Refused("neither model.safetensors nor model.safetensors.index.json");
        File.WriteAllText(builder.FilePath("model.bin"), "PK");
        builder.Refused("model.bin", "safetensors version", "GGUF");
        builder.WriteShards(ShardOfExpert);
        File.Delete(builder.FilePath("expert-2.safetensors"));
        builder.Refused("expert-2.safetensors", "cannot be read");
    }

    [Fact]
    public void Pointers_of_git_lfs_are_named()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense().Write();
        File.WriteAllText(builder.WeightsPath, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");

        builder.Refused("model.safetensors", "git lfs pull");
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..\\model.safetensors")]
    [InlineData("c:model.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("model.bin")]
    [InlineData("a\0.safetensors")]
    public void A_shard_that_leads_elsewhere_is_refused(string file)
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense();
        builder.WriteConfig();
        builder.WriteIndex([(Query, file)]);

        builder.Refused("model.safetensors.index.json", Query, "same directory");
    }

    [Fact]
    public void An_index_that_does_not_match_its_files_is_refused()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe().WriteShards(ShardOfExpert);
        builder.WriteIndex(builder.Tensors.Select(tensor => (tensor.Name, tensor.Name == Query ? "expert-1.safetensors" : ShardOfExpert(tensor.Name))));
        builder.Refused("index.json", Query, "expert-1.safetensors", "different versions");

        File.WriteAllText(builder.FilePath("model.safetensors.index.json"), """{"weight_map": {}}""");
        builder.Refused("index.json", "empty");
        File.WriteAllText(builder.FilePath("model.safetensors.index.json"), """{"weight_map": []}""");
        builder.Refused("index.json", "weight_map");
        File.WriteAllText(builder.FilePath("model.safetensors.index.json"), """{"weight_map": {"a": 1}}""");
        builder.Refused("index.json", "\"a\"");
    }

    [Fact]
    public void A_tensor_in_two_shards_is_refused()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe().WriteShards(ShardOfExpert);
        SafetensorsWriter.Write(builder.FilePath("expert-1.safetensors"),
            builder.Tensors.Where(tensor => ShardOfExpert(tensor.Name) == "expert-1.safetensors" || tensor.Name == Query));

        builder.Refused("expert-1.safetensors", "trunk.safetensors", Query, "both");
    }

    [Theory]
    [InlineData(TensorCatalog.Embedding)]
    [InlineData(TensorCatalog.Head)]
    [InlineData("model.layers.0.self_attn.q_norm.weight")]
    [InlineData("model.layers.0.mlp.experts.2.down_proj.weight")]
    public void A_missing_tensor_is_named_with_its_shape(string name)
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe();
        string shape = TensorInfo.FormatShape(builder[name].Shape);

        builder.Remove(name).Write().Refused(builder.Directory, name, shape, "config.json");
    }

    [Fact]
    public void A_wrong_shape_is_named_with_the_right_one()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe();

        builder.Replace(TensorData.FromFloats(Query, TensorType.BF16, new float[8 * 12], 8, 12)).Write();

        builder.Refused("model.safetensors", Query, "[8, 12]", "[12, 8]");
    }

    [Fact]
    public void A_tensor_that_the_config_does_not_know_is_refused()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense();
        builder.Tensors.Add(TensorData.FromFloats("model.layers.0.self_attn.q_proj.bias", TensorType.BF16, new float[12], 12));

        builder.Write().Refused("model.safetensors", "q_proj.bias");
    }

    [Fact]
    public void Weights_of_another_type_are_refused()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense();

        builder.Replace(new TensorData(Query, TensorType.I8, [12, 8], new byte[96])).Write();

        builder.Refused(Query, "I8", "BF16");
    }

    [Fact]
    public void Fp8_without_its_scales_is_refused()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense();
        builder.Replace(new TensorData(Query, TensorType.F8E4M3, [12, 8], new byte[96])).Write();
        builder.Refused(Query, "quantization_config");

        builder.Config["quantization_config"] = JsonNode.Parse("""{"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [5, 8]}""");
        builder.Write().Refused(Query + "_scale_inv", "[3, 1]", "missing");
        builder.Replace(TensorData.FromFloats(Query + "_scale_inv", TensorType.BF16, new float[2], 2, 1)).Write().Refused("[2, 1]", "[3, 1]");
        builder.Replace(new TensorData(Query + "_scale_inv", TensorType.I16, [3, 1], new byte[6])).Write().Refused("I16", "[3, 1]");
        builder.Replace(TensorData.FromFloats(Query + "_scale_inv", TensorType.F32, new float[3], 3, 1)).Write();
        using Checkpoint checkpoint = Checkpoint.Open(builder.Directory);
        Assert.Equal(new float[96], checkpoint.Get(Query).ToFloats());

        builder.Replace(TensorData.FromFloats(Query, TensorType.BF16, new float[96], 12, 8)).Write().Refused(Query, "ambiguous");
    }

    [Fact]
    public void A_request_for_another_shape_or_name_is_refused()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense().Write();
        using Checkpoint checkpoint = Checkpoint.Open(builder.Directory);

        Assert.Contains("[12, 8]", Assert.Throws<CheckpointException>(() => checkpoint.Get(Query, 8, 12)).Message, StringComparison.Ordinal);
        Assert.Contains("nothing", Assert.Throws<CheckpointException>(() => checkpoint.Get("nothing")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void End_of_text_ids_come_from_the_generation_config_if_it_has_them()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense().Write();
        using (Checkpoint checkpoint = Checkpoint.Open(builder.Directory))
        {
            Assert.Equal([2], checkpoint.EosTokenIds);
        }

        File.WriteAllText(builder.FilePath("generation_config.json"), """{"eos_token_id": [5, 6], "top_k": 20}""");
        using Checkpoint with = Checkpoint.Open(builder.Directory);
        Assert.Equal([5, 6], with.EosTokenIds);
        Assert.Equal(20, with.Generation.TopK);
    }

    private static string Refusal(string directory) => Assert.Throws<CheckpointException>(() => Checkpoint.Open(directory)).Message;

    private static string ShardOfExpert(string name) =>
        name.IndexOf(".experts.", StringComparison.Ordinal) is int at and >= 0 ? $"expert-{name[at + 9]}.safetensors" : "trunk.safetensors";

    private static float[] Floats(TensorData tensor)
    {
        byte[] bytes = tensor.Bytes.ToArray();
        return [.. Enumerable.Range(0, bytes.Length / 2).Select(i => FloatConversion.FromBFloat16(BitConverter.ToUInt16(bytes, 2 * i)))];
    }

    /// <summary>Bytes of a mapped file that this process has in memory, as Linux counts them.</summary>
    private static long ResidentBytes(string path)
    {
        string[] lines = File.ReadAllLines("/proc/self/smaps");
        int start = Array.FindIndex(lines, line => line.EndsWith(path, StringComparison.Ordinal));
        Assert.True(start >= 0, $"{path} is not mapped.");
        string resident = lines.Skip(start).First(line => line.StartsWith("Rss:", StringComparison.Ordinal));
        return long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}
