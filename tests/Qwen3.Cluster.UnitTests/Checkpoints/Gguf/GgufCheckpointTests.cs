using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints.Gguf;

public sealed class GgufCheckpointTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 24).Select(i => (i * 37) % 280)];

    // Logits are of about 1. K types are rounded to 8 bits once more, and activations to 8 bits.
    public static TheoryData<TensorType, bool, double> Types => new()
    {
        { TensorType.F32, true, 1e-4 }, { TensorType.F16, true, 0.002 }, { TensorType.BF16, true, 0.01 }, { TensorType.Q8_0, true, 0.06 },
        { TensorType.Q4_0, true, 0.3 }, { TensorType.Q4_K, true, 0.28 }, { TensorType.Q5_K, true, 0.18 }, { TensorType.Q6_K, true, 0.09 },
        { TensorType.F16, false, 0.002 }, { TensorType.Q8_0, false, 0.06 }, { TensorType.Q4_K, false, 0.28 }, { TensorType.Q4_0, false, 0.3 },
    };

    [Theory, MemberData(nameof(Types))]
    public void It_is_the_model_that_was_converted(TensorType type, bool isMoe, double tolerance)
    {
        using GgufBuilder builder = new(type, isMoe);
        string path = builder.Write();
        using (Checkpoint checkpoint = Checkpoint.Open(path))
        {
            Assert.Equivalent(
                builder.Config with { RmsNormEpsilon = checkpoint.Config.RmsNormEpsilon, EosTokenIds = checkpoint.Config.EosTokenIds }, checkpoint.Config);
            Assert.Equal((float)builder.Config.RmsNormEpsilon, (float)checkpoint.Config.RmsNormEpsilon);
            Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(path);
            Assert.Equal([tokenizer.SpecialTokens.ImEnd!.Value, tokenizer.SpecialTokens.EndOfText!.Value], checkpoint.EosTokenIds);
        }

        Assert.Empty(CheckpointReport.Of(path).Problems);
        using TestModel exact = new(builder.Directory, new SimdBackend());
        using TestModel simd = new(path, new SimdBackend());
        using TestModel reference = new(path, new ReferenceBackend());
        float[][] expected = exact.Logits(Prompt), given = simd.Logits(Prompt), plain = reference.Logits(Prompt);
        double error = Rms(expected, given);
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: RMS error of the logits {error:0.0000}, of the reference back-end {Rms(expected, plain):0.0000}");
        Assert.True(error < tolerance, $"{error:0.000}");
        Assert.True(Rms(expected, plain) < tolerance);
        Assert.True(Rms(given, plain) < (type is TensorType.F32 or TensorType.F16 or TensorType.BF16 ? 1e-4 : 0.06), $"{Rms(given, plain):0.000}");
    }

    [Fact]
    public void A_tied_head_is_the_embedding()
    {
        using GgufBuilder builder = new(TensorType.Q8_0, isMoe: false, tied: true);
        using Checkpoint checkpoint = Checkpoint.Open(builder.Write());
        Assert.True(checkpoint.Config.TieWordEmbeddings);
    }

    [Theory]
    [InlineData(2u, 32)]
    [InlineData(3u, 64)]
    public void Versions_alignments_parts_and_directories_hold_the_same(uint version, int alignment)
    {
        using GgufBuilder builder = new(TensorType.Q8_0) { Version = version, Alignment = alignment };
        string first = builder.WriteParts(3);
        string directory = Path.GetDirectoryName(first)!;
        foreach (string path in (string[])[first, first.Replace("-00001-", "-00003-", StringComparison.Ordinal), directory])
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            using Checkpoint plain = Checkpoint.Open(builder.Directory);
            Assert.Equal(3, CheckpointReport.Of(path).Files.Count);
            Assert.True(CheckpointReport.Of(path).Converses);
            foreach (string name in (string[])["model.layers.1.mlp.experts.3.down_proj.weight", "model.layers.0.mlp.gate.weight", "lm_head.weight"])
            {
                float[] expected = plain.Get(name).ToFloats();
                Assert.All(expected.Zip(checkpoint.Get(name).ToFloats()), pair => Assert.Equal(pair.First, pair.Second, 0.002));
            }
        }
    }

    [Fact]
    public void Its_tokenizer_is_that_of_the_checkpoint()
    {
        using GgufBuilder builder = new(TensorType.F16);
        string path = builder.Write();
        Qwen3Tokenizer expected = Qwen3Tokenizer.Load(builder.Directory), given = Qwen3Tokenizer.Load(path);
        Assert.Equal(expected.SpecialTokens, given.SpecialTokens);
        Assert.Equal(expected.VocabularySize, given.VocabularySize);
        foreach (string text in (string[])["abc aabc hello", "<|im_start|>user\nhello<|im_end|>\n<think>", "é 12 \u00e9\u0301 zß水🍌", "<|im_end|"])
        {
            int[] ids = expected.Encode(text);
            Assert.Equal(ids, given.Encode(text));
            Assert.Equal(expected.Encode(text, parseSpecialTokens: false), given.Encode(text, parseSpecialTokens: false));
            Assert.Equal(expected.Decode(ids, skipSpecialTokens: true), given.Decode(ids, skipSpecialTokens: true));
        }
    }

    [Fact]
    public void Its_chat_template_is_recognised_or_refused()
    {
        using GgufBuilder builder = new(TensorType.F16);
        Assert.Equal(ChatTemplateVariant.July2025, ChatTemplate.Load(builder.Write()).Variant);
        builder.Metadata["tokenizer.chat_template"] = "<|im_start|> <|im_end|> <tool_call>";
        Assert.Equal(ChatTemplateVariant.Instruct2507, ChatTemplate.Load(builder.Write()).Variant);
        builder.Metadata["tokenizer.chat_template"] = "[INST]";
        string path = builder.Write();
        Assert.Contains(path, Assert.Throws<CheckpointException>(() => ChatTemplate.Load(path)).Message);
    }

    // Of the middle token: where rounding makes a token choose another expert, which random weights make likely, more is between the two.
    private static double Rms(float[][] a, float[][] b) =>
        a.Zip(b, (x, y) => Math.Sqrt(x.Zip(y).Average(pair => Math.Pow(pair.First - pair.Second, 2)))).Order().ElementAt(a.Length / 2);
}
