using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

/// <summary>
/// Damages a small checkpoint in 10,000 seeded ways. Each opens or is refused with a <see cref="CheckpointException"/>; what opens is read to its end.
/// </summary>
public sealed class CheckpointFuzzTests
{
    private const int Mutations = 2500;

    private static readonly string[] Numbers =
        ["0", "-1", "1", "2", "3", "1e9", "0.5", "-0", "65536", "2147483647", "2147483648", "4294967296", "9223372036854775807", "18446744073709551616", "1e400"];

    private static readonly string[] Fragments =
        ["null", "true", "\"\"", "\"yarn\"", "\"F8_E4M3\"", "\"F64\"", "[]", "{}", "[[[[", "\\ud800", "\"\\ud800\"", "\"data_offsets\":[0,0],", "\"model_type\":\"qwen3\",", ",", "}", "\0"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Headers(int seed) => Fuzz(seed, static (random, bytes) =>
    {
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        byte[] data = bytes[(8 + length)..];
        byte[] header = random.Next(2) == 0 ? MutateStructure(random, bytes.AsSpan(8, length)) : MutateText(random, bytes[8..(8 + length)]);
        byte[] file = new byte[8 + header.Length + data.Length];
        // Mostly the true length, so that the JSON behind it is what is tested.
        ulong claimed = random.Next(8) switch { 0 when random.Next(2) == 0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue), 0 => (ulong)random.Next(file.Length + 9), _ => (ulong)header.Length };
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return random.Next(8) == 0 ? file[..random.Next(file.Length + 1)] : file;
    }, "model-00001.safetensors");

    [Fact]
    public void Configs() => Fuzz(3, MutateText, "config.json", "generation_config.json");

    [Fact]
    public void Indexes() => Fuzz(4, MutateText, "model.safetensors.index.json");

    private static void Fuzz(int seed, Func<Random, byte[], byte[]> mutate, params string[] files)
    {
        Random random = new(seed);
        using CheckpointBuilder builder = MakeCheckpoint();
        byte[][] originals = [.. files.Select(file => File.ReadAllBytes(builder.FilePath(file)))];
        int opened = 0;
        for (int i = 0; i < Mutations; i++)
        {
            int file = random.Next(files.Length);
            byte[] mutated = mutate(random, [.. originals[file]]);
            File.WriteAllBytes(builder.FilePath(files[file]), mutated);
            try
            {
                using Checkpoint checkpoint = Checkpoint.Open(builder.Directory);
                opened++;
                foreach (string name in checkpoint.Tensors.Keys)
                {
                    checkpoint.Get(name).ToFloats();
                }
            }
            catch (CheckpointException e)
            {
                Assert.True(e.Message.Length > 20 && e.Message.Contains(builder.Directory, StringComparison.Ordinal), $"Mutation {i}: \"{e.Message}\" names no file.");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"Mutation {i} of {files[file]}: {e}\n{Encoding.UTF8.GetString(mutated.AsSpan(0, Math.Min(2000, mutated.Length)))}");
            }

            File.WriteAllBytes(builder.FilePath(files[file]), originals[file]);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{opened} of {Mutations} opened");
        // Both outcomes occur, or the mutations test nothing.
        Assert.InRange(opened, 1, Mutations - 1);
    }

    private static CheckpointBuilder MakeCheckpoint()
    {
        JsonObject config = CheckpointBuilder.MoeConfig(experts: 2);
        config["rope_scaling"] = JsonNode.Parse("""{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}""");
        config["quantization_config"] = JsonNode.Parse("""{"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [8, 4]}""");
        config["tie_word_embeddings"] = true;
        CheckpointBuilder builder = new(config);
        const string Query = "model.layers.0.self_attn.q_proj.weight";
        builder.Replace(new TensorData(Query, TensorType.F8E4M3, [12, 8], new byte[96])).Replace(TensorData.FromFloats(Query + "_scale_inv", TensorType.F16, new float[4], 2, 2));
        builder.Tensors.Add(TensorData.FromFloats(TensorCatalog.Head, TensorType.F32, new float[128], 16, 8));
        builder.WriteShards(name => name.Contains("experts", StringComparison.Ordinal) ? "model-00002.safetensors" : "model-00001.safetensors");
        File.WriteAllText(builder.FilePath("generation_config.json"), """{"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0, "eos_token_id": [2, 3]}""");
        return builder;
    }

    /// <summary>One edit of the text, now and then more: a byte, a cut, a copy, a fragment, most often another number.</summary>
    private static byte[] MutateText(Random random, byte[] text)
    {
        List<byte> bytes = [.. text];
        for (int edit = random.Next(4) == 0 ? random.Next(1, 4) : 1; edit > 0 && bytes.Count > 0; edit--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, random.Next(Math.Min(24, bytes.Count - at) + 1));
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, random.Next(Math.Min(48, bytes.Count - at) + 1)));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
                    break;
                default:
                    ReplaceNumber(random, bytes, at);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Replaces the first number after a place.</summary>
    private static void ReplaceNumber(Random random, List<byte> bytes, int from)
    {
        int start = bytes.FindIndex(from, value => value is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
        {
            return;
        }

        int end = bytes.FindIndex(start, value => value is < (byte)'0' or > (byte)'9');
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, Encoding.UTF8.GetBytes(Numbers[random.Next(Numbers.Length)]));
    }

    /// <summary>Valid JSON with one thing in it changed: a type, a dimension, an offset, a name, an entry less.</summary>
    private static byte[] MutateStructure(Random random, ReadOnlySpan<byte> header)
    {
        JsonObject json = (JsonObject)JsonNode.Parse(header)!;
        string[] names = [.. json.Select(entry => entry.Key).Where(name => name != "__metadata__")];
        string name = names[random.Next(names.Length)];
        JsonObject entry = (JsonObject)json[name]!;
        switch (random.Next(6))
        {
            case 0:
                entry["dtype"] = Enum.GetValues<TensorType>()[random.Next(Enum.GetValues<TensorType>().Length)].FormatName();
                break;
            case 1:
                JsonArray shape = (JsonArray)entry["shape"]!;
                shape.Insert(random.Next(shape.Count + 1), JsonNode.Parse(Numbers[random.Next(Numbers.Length - 1)]));
                break;
            case 2:
                entry["data_offsets"]![random.Next(2)] = JsonNode.Parse(Numbers[random.Next(Numbers.Length - 1)]);
                break;
            case 3:
                json.Remove(name);
                json[name + "x"] = entry;
                break;
            case 4:
                // Another view of the same bytes.
                entry["shape"] = new JsonArray(1, ((JsonArray)entry["shape"]!).Aggregate(1, (product, dimension) => product * dimension!.GetValue<int>()));
                break;
            default:
                // Two entries trade places: each is well-formed, but their sizes need not match.
                string other = names[random.Next(names.Length)];
                (string first, string second) = (entry["data_offsets"]!.ToJsonString(), json[other]!["data_offsets"]!.ToJsonString());
                entry["data_offsets"] = JsonNode.Parse(second);
                json[other]!["data_offsets"] = JsonNode.Parse(first);
                break;
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }
}
