using System.Text;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

/// <summary>A tokenizer.json made by hand: the 256 bytes, a few merges, Qwen's special tokens at ids of its own.</summary>
internal static class SmallTokenizer
{
    public static readonly string[] Merges =
        ["b c", "a b", "a a", "aa aa", "Ġ a", "ab c", "Ġa bc", "Ã ©", "h e", "l l", "he ll", "hell o", "Ġ hello"];

    /// <summary>In the order of their ids, which follow those of the vocabulary.</summary>
    public static readonly string[] AddedTokens =
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|im_end|>\n"];

    public static int FirstAddedId => 256 + Merges.Length;

    public static JsonObject Json(IEnumerable<string>? merges = null)
    {
        string[] allMerges = [.. merges ?? Merges];
        var vocab = new JsonObject();
        for (int value = 0; value < 256; value++)
        {
            vocab[ByteAlphabet.CharOf((byte)value).ToString()] = value;
        }
        foreach (string merge in allMerges)
        {
            vocab[merge.Replace(" ", "", StringComparison.Ordinal)] = vocab.Count;
        }
        var added = new JsonArray();
        foreach (string content in AddedTokens)
        {
            added.Add(AddedToken(vocab.Count + added.Count, content, isSpecial: content.StartsWith("<|", StringComparison.Ordinal)));
        }
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = added,
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = PreTokenizer.Pattern },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false }),
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["continuing_subword_prefix"] = "",
                ["byte_fallback"] = false,
                ["vocab"] = vocab,
                ["merges"] = new JsonArray([.. allMerges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    public static JsonObject AddedToken(int id, string content, bool isSpecial = false, bool isNormalized = false) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = isNormalized,
        ["special"] = isSpecial,
    };

    public static Qwen3Tokenizer Load(JsonObject? json = null) => LoadText((json ?? Json()).ToJsonString());

    public static Qwen3Tokenizer LoadText(string json)
    {
        string directory = Directory.CreateTempSubdirectory("tokenizer").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, "tokenizer.json"), json, new UTF8Encoding(false));
            return Qwen3Tokenizer.Load(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
