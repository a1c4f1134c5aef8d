using System.Globalization;
using System.Text.Json;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// Reads the fields of a JSON object and collects what is wrong with them, so that a report can list everything at once.
/// A field that is absent and one that is <c>null</c> are the same. After a problem the value returned is only a placeholder.
/// </summary>
internal sealed class JsonFields(JsonElement element, string where, List<string> problems)
{
    /// <summary>Adds a problem that no single type or range expresses.</summary>
    public void Refuse(string what) => problems.Add($"{where}: {what}.");

    public bool Has(string name) => Find(name) is not null;

    public int Int(string name, int least, int most) => OptionalInt(name, least, most) ?? Missing(name, least, $"a whole number from {least} to {most}");

    public int? OptionalInt(string name, int least, int most)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least && number <= most)
        {
            return number;
        }

        return Wrong(name, value, $"a whole number from {least} to {most}", least);
    }

    /// <summary>A finite number above <paramref name="least"/> (or equal to it, if so said) and at most <paramref name="most"/>.</summary>
    public double Number(string name, double least, double most) =>
        OptionalNumber(name, least, most) ?? Missing(name, most, NumberRange(least, most, orEqual: false));

    /// <inheritdoc cref="Number"/>
    public double? OptionalNumber(string name, double least, double most, bool orEqual = false)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        // The last comparison also refuses what overflows to infinity.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && (number > least || (orEqual && number == least)) && number <= most)
        {
            return number;
        }

        return Wrong(name, value, NumberRange(least, most, orEqual), most);
    }

    public bool? OptionalBool(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        JsonElement value => Wrong(name, value, "true or false", false),
    };

    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        JsonElement value => JsonFile.Text(value) ?? Wrong(name, value, "a string", ""),
    };

    /// <summary>A list of whole numbers; empty when absent. One number alone is a list of one, as in <c>eos_token_id</c>.</summary>
    public IReadOnlyList<int> Ints(string name, int least, int most)
    {
        if (Find(name) is not JsonElement value)
        {
            return [];
        }

        List<int> numbers = [];
        foreach (JsonElement item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().AsEnumerable() : [value])
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int number) || number < least || number > most)
            {
                return Wrong<IReadOnlyList<int>>(name, value, $"whole numbers from {least} to {most}", []);
            }

            numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>A list of strings; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (Find(name) is not JsonElement value)
        {
            return [];
        }

        string?[] texts = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(JsonFile.Text)] : [null];
        return texts.Contains(null) ? Wrong<IReadOnlyList<string>>(name, value, "a list of strings", []) : texts!;
    }

    /// <summary>A nested object, whose problems go to the same list.</summary>
    public JsonFields? OptionalObject(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonFields(value, $"{where}, {name}", problems),
        JsonElement value => Wrong<JsonFields?>(name, value, "an object", null),
    };

    private JsonElement? Find(string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private T Missing<T>(string name, T placeholder, string expected)
    {
        Refuse($"\"{name}\" is missing, but {expected} was expected");
        return placeholder;
    }

    private T Wrong<T>(string name, JsonElement value, string expected, T placeholder)
    {
        string text = value.GetRawText();
        Refuse($"\"{name}\" is {(text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "..."))}, but {expected} was expected");
        return placeholder;
    }

    private static string NumberRange(double least, double most, bool orEqual) =>
        string.Create(CultureInfo.InvariantCulture, $"a number {(orEqual ? "of at least" : "above")} {least} and at most {most}");
}
