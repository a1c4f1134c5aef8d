using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Tokenizer;

/// <summary>Writes a vocabulary with Qwen's added tokens as the two files that Hugging Face's Qwen2Tokenizer and our own loader read.</summary>
internal static class TokenizerWriter
{
    // Qwen3's hybrid template without the parts for tools. It has to render what ChatTemplate does for July2025.
    private const string Template =
        """
        {%- for message in messages %}
            {%- set content = message.content %}
            {%- if message.role == "assistant" and '</think>' in content %}
                {%- set content = content.split('</think>')[-1].lstrip('\n') %}
            {%- endif %}
            {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
            {%- if enable_thinking is defined and enable_thinking is false %}
                {{- '<think>\n\n</think>\n\n' }}
            {%- endif %}
        {%- endif %}
        """;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tokenizer.json and tokenizer_config.json into an existing directory.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="vocabulary">The ordinary tokens; the added ones get the ids behind them.</param>
    /// <param name="maxPositions">The model's context length.</param>
    public static void Write(string directory, BytePairVocabulary vocabulary, int maxPositions)
    {
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer.json"), TokenizerJson(vocabulary).ToJsonString(Json) + "\n");
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer_config.json"), ConfigJson(vocabulary, maxPositions).ToJsonString(Json) + "\n");
    }

    private static JsonObject TokenizerJson(BytePairVocabulary vocabulary) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. AddedTokens(vocabulary).Select(token => Describe(token.Content, token.IsSpecial, token.Id))]),
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
                ByteLevel()),
        },
        ["post_processor"] = ByteLevel(),
        ["decoder"] = ByteLevel(),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = "",
            ["end_of_word_suffix"] = "",
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = new JsonObject(vocabulary.Tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
            ["merges"] = new JsonArray([.. vocabulary.Merges.Select(merge => JsonValue.Create($"{merge.Left} {merge.Right}"))]),
        },
    };

    private static JsonObject ConfigJson(BytePairVocabulary vocabulary, int maxPositions) => new()
    {
        ["add_bos_token"] = false,
        ["add_prefix_space"] = false,
        ["added_tokens_decoder"] = new JsonObject(AddedTokens(vocabulary)
            .Select(token => KeyValuePair.Create($"{token.Id}", (JsonNode?)Describe(token.Content, token.IsSpecial, id: null)))),
        ["bos_token"] = null,
        ["chat_template"] = Template.ReplaceLineEndings("\n"),
        ["clean_up_tokenization_spaces"] = false,
        ["eos_token"] = QwenAddedTokens.MessageEnd,
        ["errors"] = "replace",
        ["model_max_length"] = maxPositions,
        ["pad_token"] = QwenAddedTokens.EndOfText,
        ["split_special_tokens"] = false,
        ["tokenizer_class"] = "Qwen2Tokenizer",
        ["unk_token"] = null,
    };

    private static IEnumerable<(int Id, string Content, bool IsSpecial)> AddedTokens(BytePairVocabulary vocabulary) =>
        QwenAddedTokens.All.Select((token, i) => (vocabulary.Tokens.Count + i, token.Content, token.IsSpecial));

    private static JsonObject Describe(string content, bool isSpecial, int? id)
    {
        JsonObject token = id is { } number ? new() { ["id"] = number } : [];
        token["content"] = content;
        token["single_word"] = false;
        token["lstrip"] = false;
        token["rstrip"] = false;
        token["normalized"] = false;
        token["special"] = isSpecial;
        return token;
    }

    private static JsonObject ByteLevel() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = false,
        ["use_regex"] = false,
    };
}
