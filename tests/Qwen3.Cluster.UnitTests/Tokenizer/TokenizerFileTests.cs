using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class TokenizerFileTests
{
    [Fact]
    public void Load_MergesAsPairs_AreTheSameAsMergesAsText()
    {
        JsonObject json = SmallTokenizer.Json();
        JsonNode[] pairs = [.. SmallTokenizer.Merges.Select(merge => new JsonArray([.. merge.Split(' ').Select(half => (JsonNode)half)]))];
        json["model"]!["merges"] = new JsonArray(pairs);

        Assert.Equal(SmallTokenizer.Load().Encode(" abc hello aaaa"), SmallTokenizer.Load(json).Encode(" abc hello aaaa"));
    }

    [Fact]
    public void Load_MergesBeforeVocabulary_IsRead()
    {
        JsonObject json = SmallTokenizer.Json();
        JsonNode vocab = json["model"]!["vocab"]!.DeepClone();
        json["model"]!.AsObject().Remove("vocab");
        json["model"]!["vocab"] = vocab;

        Assert.Equal(SmallTokenizer.Load().Encode("hello"), SmallTokenizer.Load(json).Encode("hello"));
    }

    public static TheoryData<string, Action<JsonObject>> Damages => new()
    {
        { "'model' is missing", json => json.Remove("model") },
        { "model.type should be BPE", json => json["model"]!["type"] = "Unigram" },
        { "model.byte_fallback", json => json["model"]!["byte_fallback"] = true },
        { "model.ignore_merges", json => json["model"]!["ignore_merges"] = true },
        { "model.continuing_subword_prefix", json => json["model"]!["continuing_subword_prefix"] = "##" },
        { "normalizer should be of type NFC", json => json["normalizer"]!["type"] = "NFKC" },
        { "decoder should be of type ByteLevel", json => json["decoder"]!["type"] = "WordPiece" },
        { "pre_tokenizer", json => json["pre_tokenizer"] = new JsonObject { ["type"] = "Whitespace" } },
        { "pre_tokenizer", json => json["pre_tokenizer"]!["pretokenizers"]![1]!["add_prefix_space"] = true },
        { "pre_tokenizer.pattern", json => json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = "\\w+" },
        { "model.vocab should be an object", json => json["model"]!["vocab"] = new JsonArray() },
        { "the byte 0x61", json => json["model"]!["vocab"]!.AsObject().Remove("a") },
        { "model.vocab['hello'] should be an id", json => json["model"]!["vocab"]!["hello"] = -1 },
        { "model.vocab['hello'] should be an id", json => json["model"]!["vocab"]!["hello"] = 2_000_000_000 },
        { "model.vocab['hello'] should be an id", json => json["model"]!["vocab"]!["hello"] = "7" },
        { "to both", json => json["model"]!["vocab"]!["hello"] = 7 },
        { "alphabet of byte-level BPE", json => json["model"]!["vocab"]!["two words"] = 900 },
        { "model.merges should be a list", json => json["model"]!["merges"] = "a b" },
        { "model.merges should be pairs", json => json["model"]!["merges"]!.AsArray().Add("ab") },
        { "model.merges should be pairs", json => json["model"]!["merges"]!.AsArray().Add(new JsonArray("a", "b", "c")) },
        { "'q' and 'z'", json => json["model"]!["merges"]!.AsArray().Add("q z") },
        { "'a' and 'b' twice", json => json["model"]!["merges"]!.AsArray().Add("a b") },
        { "added_tokens should be a list", json => json["added_tokens"] = 5 },
        { "a content that is not empty", json => json["added_tokens"]![0]!["content"] = "" },
        { "added_tokens['<think>'].lstrip should be false", json => json["added_tokens"]![3]!["lstrip"] = true },
        { "that of 'a'", json => json["added_tokens"]![0]!["id"] = (int)'a' },
    };

    [Theory]
    [MemberData(nameof(Damages), DisableDiscoveryEnumeration = true)]
    public void Load_WhatWouldTokenizeDifferently_IsRefusedInWords(string expected, Action<JsonObject> damage)
    {
        JsonObject json = SmallTokenizer.Json();
        damage(json);

        var error = Assert.Throws<CheckpointException>(() => SmallTokenizer.Load(json));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"model\":")]
    [InlineData("[]")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 11422654\n")]
    public void Load_NoJsonObject_IsRefusedInWords(string text)
    {
        Assert.Throws<CheckpointException>(() => SmallTokenizer.LoadText(text));
    }

    [Fact]
    public void Load_MissingFile_IsRefusedInWords()
    {
        var error = Assert.Throws<CheckpointException>(() => Qwen3Tokenizer.Load("/no/such/tokenizer.json"));

        Assert.Contains("/no/such/tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MutatedFiles_OpenOrAreRefusedInWords()
    {
        var random = new Random(5);
        string whole = SmallTokenizer.Json().ToJsonString();
        for (int i = 0; i < 500; i++)
        {
            char[] text = whole.ToCharArray();
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                text[random.Next(text.Length)] = "{}[]\",:0aĠ\\\u0001"[random.Next(12)];
            }
            try
            {
                SmallTokenizer.LoadText(new string(text, 0, random.Next(8) == 0 ? random.Next(text.Length) : text.Length)).Encode("hello");
            }
            catch (CheckpointException)
            {
            }
        }
    }
}
