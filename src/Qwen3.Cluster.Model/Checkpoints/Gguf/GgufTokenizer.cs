using System.Text.Json;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>The tokenizer in a GGUF file's metadata, as the tokenizer.json that says the same, so that both are read and checked alike.</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    // ggml's kinds of tokens.
    private const long Control = 3;
    private const long UserDefined = 4;
    private const long Unused = 5;

    /// <summary>The text of the chat template; null when the file has none.</summary>
    public static string? ChatTemplate(string path) => GgufFile.Read(path).Metadata.OptionalText("tokenizer.chat_template");

    /// <summary>The tokenizer as JSON.</summary>
    public static JsonDocument ToJson(string path)
    {
        GgufMetadata metadata = GgufFile.Read(path).Metadata;
        Expect(metadata, "model", "gpt2");
        Expect(metadata, "pre", "qwen2");
        string[] tokens = metadata.OptionalTexts(Prefix + "tokens") ?? throw metadata.Missing(Prefix + "tokens");
        string[] merges = metadata.OptionalTexts(Prefix + "merges") ?? throw metadata.Missing(Prefix + "merges");
        long[] kinds = metadata.OptionalWholes(Prefix + "token_type") ?? throw metadata.Missing(Prefix + "token_type");
        if (kinds.Length != tokens.Length)
        {
            throw metadata.Wrong(Prefix + "token_type", $"{tokens.Length} numbers, one for each token, not {kinds.Length}");
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            WritePipeline(json);
            json.WriteStartArray("added_tokens");
            for (int id = 0; id < tokens.Length; id++)
            {
                if (kinds[id] is Control or UserDefined)
                {
                    json.WriteStartObject();
                    json.WriteNumber("id", id);
                    json.WriteString("content", tokens[id]);
                    json.WriteBoolean("special", kinds[id] == Control);
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            json.WriteStartObject("vocab");
            for (int id = 0; id < tokens.Length; id++)
            {
                if (kinds[id] is not (Control or UserDefined or Unused))
                {
                    json.WriteNumber(tokens[id], id);
                }
            }

            json.WriteEndObject();
            json.WriteStartArray("merges");
            foreach (string merge in merges)
            {
                json.WriteStringValue(merge);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return JsonFile.Parse(stream.ToArray(), $"The tokenizer of {path}");
    }

    private static void WritePipeline(Utf8JsonWriter json)
    {
        json.WritePropertyName("normalizer");
        json.WriteRawValue("""{"type":"NFC"}""");
        json.WritePropertyName("decoder");
        json.WriteRawValue("""{"type":"ByteLevel"}""");
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", PreTokenizer.Pattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteEndObject();
        json.WriteRawValue("""{"type":"ByteLevel"}""");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Expect(GgufMetadata metadata, string key, string expected)
    {
        if ((metadata.OptionalText(Prefix + key) ?? throw metadata.Missing(Prefix + key)) != expected)
        {
            throw metadata.Wrong(Prefix + key, $"\"{expected}\", as all of Qwen3 have it");
        }
    }
}
