using System.Text.Json;

namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>A line of a file of questions: a JSON object whose errors name the file and the line.</summary>
public sealed class QuestionLine
{
    private readonly string _path;
    private readonly int _number;
    private readonly JsonElement _fields;

    /// <summary>Parses a line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="number">The line's, from 1.</param>
    /// <param name="json">The line.</param>
    /// <exception cref="UsageException">It is no JSON object.</exception>
    public QuestionLine(string path, int number, string json)
    {
        (_path, _number) = (path, number);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            _fields = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw Error($"is no JSON: {e.Message}");
        }

        if (_fields.ValueKind != JsonValueKind.Object)
        {
            throw Error("is no JSON object.");
        }
    }

    /// <summary>The file's name without its ending.</summary>
    public string FileName => Path.GetFileNameWithoutExtension(_path);

    /// <summary>The file's name and the question's own id; without one its line.</summary>
    public string Id => $"{FileName}/{TextOrNull("id", "question_id") ?? $"line {_number}"}";

    /// <summary>Whether a field is there and holds something.</summary>
    public bool Has(string name) => _fields.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The first of some fields that is there.</summary>
    /// <exception cref="UsageException">None is.</exception>
    public JsonElement Field(params string[] names) =>
        Find(names) ?? throw Error($"has no field {string.Join(" or ", names)}.");

    /// <summary>The first of some fields that is there, a number as it is written.</summary>
    /// <exception cref="UsageException">None is, or it is neither text nor a number, or empty.</exception>
    public string Text(params string[] names) => TextOrNull(names) ?? throw Error($"has no text in {string.Join(" or ", names)}.");

    /// <summary>As <see cref="Text"/>; null where there is none.</summary>
    public string? TextOrNull(params string[] names) => Find(names) switch
    {
        { ValueKind: JsonValueKind.String } text when text.GetString()!.Trim() is { Length: > 0 } value => value,
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };

    /// <summary>What is wrong with the line.</summary>
    /// <param name="problem">The sentence's end: is no JSON.</param>
    public UsageException Error(string problem) => new($"{_path}, line {_number} {problem}");

    private JsonElement? Find(string[] names) => names.FirstOrDefault(Has) is { } name ? _fields.GetProperty(name) : null;
}
