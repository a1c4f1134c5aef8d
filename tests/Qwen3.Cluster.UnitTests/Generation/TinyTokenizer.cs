using System.Text.Json;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>A tokenizer of Qwen's kind with one token a byte (its id is the byte), two merges of newlines, and the special tokens.</summary>
internal static class TinyTokenizer
{
    public const int BlankLine = 256;
    public const int PointBlankLine = 257;
    public const int EndOfText = 258;
    public const int ImStart = 259;
    public const int ImEnd = 260;
    public const int ThinkStart = 261;
    public const int ThinkEnd = 262;
    public const int Size = 263;

    /// <summary>With the tokens for thinking.</summary>
    public static Qwen3Tokenizer Thinking { get; } = Create(withThinking: true);

    /// <summary>Without them.</summary>
    public static Qwen3Tokenizer Plain { get; } = Create(withThinking: false);

    private static Qwen3Tokenizer Create(bool withThinking)
    {
        string newline = ByteAlphabet.CharOf((byte)'\n').ToString();
        Dictionary<string, int> vocabulary = Enumerable.Range(0, 256).ToDictionary(value => ByteAlphabet.CharOf((byte)value).ToString());
        vocabulary[newline + newline] = BlankLine;
        vocabulary["." + newline + newline] = PointBlankLine;
        List<object> added =
        [
            new { id = EndOfText, content = "<|endoftext|>", special = true },
            new { id = ImStart, content = "<|im_start|>", special = true },
            new { id = ImEnd, content = "<|im_end|>", special = true },
        ];
        if (withThinking)
        {
            added.Add(new { id = ThinkStart, content = "<think>", special = false });
            added.Add(new { id = ThinkEnd, content = "</think>", special = false });
        }

        string json = JsonSerializer.Serialize(new
        {
            added_tokens = added,
            normalizer = new { type = "NFC" },
            pre_tokenizer = new
            {
                type = "Sequence",
                pretokenizers = new object[]
                {
                    new { type = "Split", pattern = new { Regex = PreTokenizer.Pattern }, behavior = "Isolated", invert = false },
                    new { type = "ByteLevel", add_prefix_space = false, trim_offsets = false, use_regex = false },
                },
            },
            decoder = new { type = "ByteLevel" },
            model = new { type = "BPE", vocab = vocabulary, merges = new[] { $"{newline} {newline}", $". {newline}{newline}" } },
        });
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, json);
            return Qwen3Tokenizer.Load(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
