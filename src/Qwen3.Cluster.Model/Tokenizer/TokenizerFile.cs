using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Checkpoints.Gguf;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// The content of a tokenizer.json of the Qwen family: byte-level BPE, NFC, Qwen's pattern. Whatever would tokenize differently
/// is refused in words instead of being read as if it were the same.
/// </summary>
internal sealed class TokenizerFile
{
    /// <summary>No vocabulary comes near it; a larger id is damage, and would cost memory.</summary>
    private const int LargestId = 10_000_000;

    private readonly string _path;

    private TokenizerFile(string path, JsonElement root)
    {
        _path = path;
        JsonElement model = Member(root, "model");
        CheckPipeline(root, model);
        Vocabulary = ReadVocabulary(Member(model, "vocab"));
        AddedTokens = ReadAddedTokens(root);
        Merges = ReadMerges(Member(model, "merges"));
    }

    /// <summary>The ordinary tokens, written in <see cref="ByteAlphabet"/>, and their ids.</summary>
    public Dictionary<string, int> Vocabulary { get; }

    /// <summary>The merges, in the order of their ranks.</summary>
    public BytePairMerges Merges { get; }

    /// <summary>The tokens that are looked for in the text as they are.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <exception cref="CheckpointException">The content is damaged, or is not a tokenizer of the Qwen family.</exception>
    public static TokenizerFile Read(string path)
    {
        using JsonDocument json = JsonFile.Read(path);
        return new TokenizerFile(path, json.RootElement);
    }

    /// <summary>The same from the metadata of a GGUF file.</summary>
    public static TokenizerFile ReadGguf(string path)
    {
        using JsonDocument json = GgufTokenizer.ToJson(path);
        return new TokenizerFile(path, json.RootElement);
    }

    public CheckpointException Refusal(string what) =>
        new($"{_path}: {what}; download the {(_path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? "GGUF file" : "tokenizer.json")} of a Qwen3 checkpoint again.");

    private void CheckPipeline(JsonElement root, JsonElement model)
    {
        Expect(Text(model, "type") == "BPE", "model.type", "BPE");
        Expect(!IsSet(model, "dropout"), "model.dropout", "null");
        Expect(!IsSet(model, "byte_fallback"), "model.byte_fallback", "false");
        Expect(!IsSet(model, "ignore_merges"), "model.ignore_merges", "false");
        Expect(!IsSet(model, "continuing_subword_prefix"), "model.continuing_subword_prefix", "empty");
        Expect(!IsSet(model, "end_of_word_suffix"), "model.end_of_word_suffix", "empty");
        Expect(Text(Member(root, "normalizer"), "type") == "NFC", "normalizer", "of type NFC");
        Expect(Text(Member(root, "decoder"), "type") == "ByteLevel", "decoder", "of type ByteLevel");

        JsonElement sequence = Member(root, "pre_tokenizer");
        JsonElement[] steps = Text(sequence, "type") == "Sequence" ? [.. Items(Member(sequence, "pretokenizers"), "pre_tokenizer")] : [];
        Expect(
            steps.Length == 2
                && Text(steps[0], "type") == "Split" && Text(steps[0], "behavior") == "Isolated" && !IsSet(steps[0], "invert")
                && Text(steps[1], "type") == "ByteLevel" && !IsSet(steps[1], "add_prefix_space") && !IsSet(steps[1], "use_regex"),
            "pre_tokenizer",
            "a Split by Qwen's pattern and then ByteLevel (add_prefix_space and use_regex false)");
        Expect(Text(Member(steps[0], "pattern"), "Regex") == PreTokenizer.Pattern, "pre_tokenizer.pattern", PreTokenizer.Pattern);
    }

    private Dictionary<string, int> ReadVocabulary(JsonElement vocab)
    {
        Expect(vocab.ValueKind == JsonValueKind.Object, "model.vocab", "an object of tokens and ids");
        var vocabulary = new Dictionary<string, int>(vocab.GetPropertyCount());
        foreach ((string token, JsonElement id) in JsonFile.Members(vocab, _path))
        {
            vocabulary.Add(token, Id(id, $"model.vocab['{token}']"));
        }
        return vocabulary;
    }

    private List<AddedToken> ReadAddedTokens(JsonElement root)
    {
        var tokens = new List<AddedToken>();
        if (!root.TryGetProperty("added_tokens", out JsonElement list))
        {
            return tokens;
        }
        foreach (JsonElement entry in Items(list, "added_tokens"))
        {
            string content = Text(entry, "content") ?? "";
            Expect(content.Length > 0, "added_tokens", "objects with a content that is not empty");
            string place = $"added_tokens['{content}']";
            foreach (string flag in (ReadOnlySpan<string>)["lstrip", "rstrip", "single_word"])
            {
                Expect(!IsSet(entry, flag), $"{place}.{flag}", "false");
            }
            tokens.Add(new AddedToken(Id(Member(entry, "id"), $"{place}.id"), content, IsSet(entry, "special"), IsSet(entry, "normalized")));
        }
        return tokens;
    }

    private BytePairMerges ReadMerges(JsonElement list)
    {
        var byteTokens = new int[256];
        for (int value = 0; value < 256; value++)
        {
            if (!Vocabulary.TryGetValue(ByteAlphabet.CharOf((byte)value).ToString(), out byteTokens[value]))
            {
                throw Refusal($"model.vocab has no token for the byte 0x{value:X2}, but needs all 256");
            }
        }

        var merges = new BytePairMerges(byteTokens, list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0);
        foreach (JsonElement entry in Items(list, "model.merges"))
        {
            (string left, string right) = Halves(entry);
            if (!Vocabulary.TryGetValue(left, out int leftId) || !Vocabulary.TryGetValue(right, out int rightId)
                || !Vocabulary.TryGetValue(left + right, out int merged))
            {
                throw Refusal($"model.merges joins '{left}' and '{right}', but model.vocab lacks one of them or '{left}{right}'");
            }
            if (!merges.TryAdd(leftId, rightId, merged))
            {
                throw Refusal($"model.merges joins '{left}' and '{right}' twice");
            }
        }
        return merges;
    }

    /// <summary>Both ways of writing a merge: ["a", "b"] (now) and "a b" (until 2024).</summary>
    private (string Left, string Right) Halves(JsonElement entry)
    {
        if (entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2
            && JsonFile.Text(entry[0]) is { } left && JsonFile.Text(entry[1]) is { } right)
        {
            return (left, right);
        }
        string text = JsonFile.Text(entry) ?? "";
        int space = text.IndexOf(' ');
        Expect(space > 0, "model.merges", "pairs such as [\"a\", \"b\"] or \"a b\"");
        return (text[..space], text[(space + 1)..]);
    }

    private int Id(JsonElement value, string place)
    {
        Expect(
            value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number is >= 0 and < LargestId,
            place,
            $"an id from 0 to {LargestId - 1}");
        return value.GetInt32();
    }

    private JsonElement Member(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out JsonElement value))
        {
            throw Refusal($"'{name}' is missing");
        }
        return value;
    }

    private JsonElement.ArrayEnumerator Items(JsonElement list, string place)
    {
        Expect(list.ValueKind == JsonValueKind.Array, place, "a list");
        return list.EnumerateArray();
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) ? JsonFile.Text(value) : null;

    /// <summary>Whether a member is there and is neither null, false nor an empty string.</summary>
    private static bool IsSet(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value)
        && value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => false,
            JsonValueKind.String => JsonFile.Text(value) != "",
            _ => true,
        };

    private void Expect(bool condition, string place, string expected)
    {
        if (!condition)
        {
            throw Refusal($"{place} should be {expected}");
        }
    }
}
