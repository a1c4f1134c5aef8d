using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// JSON as Python's <c>json.dumps(value, ensure_ascii=False)</c> writes it, which is what the models have seen in training:
/// <c>", "</c> and <c>": "</c> between parts, characters beyond ASCII as they are, members in their order, numbers as they came.
/// </summary>
internal static class PythonJson
{
    /// <exception cref="JsonException">The text is not one JSON value, or a string in it is not text.</exception>
    public static string Reformat(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var output = new StringBuilder(json.Length + 16);
        try
        {
            Append(output, document.RootElement);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a string in it has an escape that is half of a surrogate pair", e);
        }

        return output.ToString();
    }

    private static void Append(StringBuilder output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                string separator = "{";
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    output.Append(separator);
                    AppendString(output, member.Name);
                    output.Append(": ");
                    Append(output, member.Value);
                    separator = ", ";
                }
                output.Append(separator == "{" ? "{}" : "}");
                break;
            case JsonValueKind.Array:
                separator = "[";
                foreach (JsonElement item in value.EnumerateArray())
                {
                    output.Append(separator);
                    Append(output, item);
                    separator = ", ";
                }
                output.Append(separator == "[" ? "[]" : "]");
                break;
            case JsonValueKind.String:
                AppendString(output, value.GetString()!);
                break;
            default:
                output.Append(value.GetRawText());
                break;
        }
    }

    private static void AppendString(StringBuilder output, string text)
    {
        output.Append('"');
        foreach (char letter in text)
        {
            switch (letter)
            {
                case '"': output.Append("\\\""); break;
                case '\\': output.Append("\\\\"); break;
                case '\n': output.Append("\\n"); break;
                case '\r': output.Append("\\r"); break;
                case '\t': output.Append("\\t"); break;
                case '\b': output.Append("\\b"); break;
                case '\f': output.Append("\\f"); break;
                case < ' ': output.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"); break;
                default: output.Append(letter); break;
            }
        }
        output.Append('"');
    }
}
