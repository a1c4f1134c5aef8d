using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Checkpoints.Gguf;

/// <summary>Whatever a file says, it opens or is refused in one sentence: no other exception, no reading beyond its end, no memory for lengths that it claims.</summary>
public sealed class GgufDamageTests : IDisposable
{
    private readonly GgufBuilder _builder = new(TensorType.Q8_0);

    public void Dispose() => _builder.Dispose();

    [Fact]
    public void What_is_wrong_is_said()
    {
        _builder.Metadata["general.architecture"] = "llama";
        Refused("\"llama\"", "qwen3moe");
        _builder.Metadata["general.architecture"] = "qwen3moe";

        object count = _builder.Metadata["qwen3moe.expert_count"];
        _builder.Metadata.Remove("qwen3moe.expert_count");
        Refused("\"qwen3moe.expert_count\"");
        _builder.Metadata["qwen3moe.expert_count"] = "four";
        Refused("\"qwen3moe.expert_count\"", "whole number");
        _builder.Metadata["qwen3moe.expert_count"] = 5u;
        Refused("model.layers.0.mlp.gate.weight", "its metadata calls for [5, 256]");
        _builder.Metadata["qwen3moe.expert_count"] = count;

        (string Name, int[] Shape, uint Type, byte[] Bytes) first = _builder.Tensors[0];
        _builder.Tensors[0] = first with { Type = 10 };
        Refused(first.Name, "Q2_K", "Q6_K");
        _builder.Tensors[0] = first with { Shape = [first.Shape[0], first.Shape[1] + 1] };
        Refused(first.Name, "rows of 257", "blocks of 32");
        _builder.Tensors[0] = first with { Shape = [int.MaxValue, int.MaxValue - 31, int.MaxValue, int.MaxValue] };
        Refused(first.Name);
        _builder.Tensors[0] = first;

        _builder.Version = 4;
        Refused("version 4");
        _builder.Version = 3;
        _builder.Metadata["split.count"] = (ushort)2;
        Refused("one of 2 parts");
    }

    [Fact]
    public void A_missing_part_and_a_directory_of_several_models_are_said()
    {
        string first = _builder.WriteParts(2);
        File.Delete(first.Replace("-00001-", "-00002-", StringComparison.Ordinal));
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(first)).Message;
        Assert.Contains("model-00002-of-00002.gguf is missing", message);
        _builder.Write("another.gguf");
        message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(Path.GetDirectoryName(first)!)).Message;
        Assert.Contains("another.gguf", message);
        Assert.Contains("name the file", message);
    }

    [Fact]
    public void The_tokenizer_of_another_family_is_refused()
    {
        _builder.Metadata["tokenizer.ggml.pre"] = "llama-bpe";
        Assert.Contains("tokenizer.ggml.pre", Tokenizer());
        _builder.Metadata["tokenizer.ggml.pre"] = "qwen2";
        _builder.Metadata["tokenizer.ggml.token_type"] = new int[3];
        Assert.Contains("tokenizer.ggml.token_type", Tokenizer());
        _builder.Metadata.Remove("tokenizer.ggml.token_type");
        Assert.Contains("tokenizer.ggml.token_type", Tokenizer());

        string Tokenizer()
        {
            string path = _builder.Write();
            return Assert.Throws<CheckpointException>(() => Qwen3Tokenizer.Load(path)).Message;
        }
    }

    [Fact]
    public void Any_end_is_refused_and_any_damage_is_refused_or_read()
    {
        byte[] file = File.ReadAllBytes(_builder.Write());
        int header = Header(file);
        string path = Path.Combine(_builder.Directory, "damaged.gguf");
        Random random = new(9);
        long before = GC.GetTotalAllocatedBytes();
        for (int round = 0; round < 160; round++)
        {
            byte[] damaged = [.. file];
            if (round % 4 == 0)
            {
                Array.Resize(ref damaged, round < 80 ? random.Next(header) : random.Next(file.Length));
            }

            for (int i = random.Next(1, 4); i > 0 && round % 4 != 0; i--)
            {
                // A byte, or eight: lengths that no file could have.
                int place = random.Next(header - 8);
                if (random.Next(2) == 0)
                {
                    damaged[place] = (byte)random.Next(256);
                }
                else
                {
                    damaged.AsSpan(place, 8).Fill((byte)(random.Next(2) * 0xFF));
                }
            }

            File.WriteAllBytes(path, damaged);
            string? refusal = null;
            try
            {
                using Checkpoint checkpoint = Checkpoint.Open(path);
                float[] row = new float[checkpoint.Config.HiddenSize];
                foreach (ExpectedTensor tensor in TensorCatalog.Expected(checkpoint.Config))
                {
                    TensorView view = checkpoint.Get(tensor.Name);
                    view.CopyRowTo(view.Rows - 1, view.Columns == row.Length ? row : new float[view.Columns]);
                }

                Qwen3Tokenizer.Load(path);
                ChatTemplate.Load(path);
            }
            catch (CheckpointException e)
            {
                refusal = e.Message;
                Assert.EndsWith(".", refusal);
            }

            Assert.True(round % 4 != 0 || refusal is not null, $"cut to {damaged.Length} bytes");
        }

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 160L * 40 * file.Length);
    }

    // Where the first tensor's bytes begin, about: behind its name's last mention.
    private static int Header(byte[] file) => file.AsSpan().LastIndexOf("blk.1.ffn_down_exps.weight"u8) + 60;

    private void Refused(params string[] parts)
    {
        string path = _builder.Write();
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
        Assert.All(parts, part => Assert.Contains(part, message));
        Assert.Contains(path, message);
        Assert.EndsWith(".", message);
    }
}
