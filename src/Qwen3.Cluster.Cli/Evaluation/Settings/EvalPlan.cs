using System.Text.Json;
using System.Text.Json.Nodes;

namespace Qwen3.Cluster.Cli.Evaluation.Settings;

/// <summary>All that the results of a run depend on; kept beside them, so that a run goes on with nothing else.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Parameters">The model's, in all; 0 where the server chooses.</param>
/// <param name="Questions">The files, each with its SHA-256.</param>
/// <param name="Limit">Questions of a file; null: all.</param>
/// <param name="Settings">By name, in order.</param>
/// <param name="Samples">Replies to a question in a setting.</param>
/// <param name="Seed">Of the first sample; each further one has the next.</param>
/// <param name="Temperature">0: the likeliest token.</param>
/// <param name="MaxTokens">Of a reply; null: what the context has room for.</param>
/// <param name="Concurrency">Questions at a time, on which the latency depends.</param>
public sealed record EvalPlan(
    string Model,
    ulong Parameters,
    IReadOnlyList<string> Questions,
    int? Limit,
    IReadOnlyList<string> Settings,
    int Samples,
    ulong Seed,
    float Temperature,
    uint? MaxTokens,
    int Concurrency)
{
    private const string FileName = "plan.json";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Writes the plan into a directory, or compares it with the one that is there.</summary>
    /// <exception cref="UsageException">Another plan is there; names what differs.</exception>
    public void Claim(string directory)
    {
        string path = Path.Combine(directory, FileName);
        JsonObject mine = JsonSerializer.SerializeToNode(this, Json)!.AsObject();
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(directory);
            File.WriteAllText(path, mine.ToJsonString(Json) + "\n");
            return;
        }

        JsonObject theirs = Read(path);
        if (mine.FirstOrDefault(field => !JsonNode.DeepEquals(field.Value, theirs[field.Key])) is { Key: { } name } different)
        {
            throw new UsageException(
                $"{directory} holds the results of another run: its {name} is {Describe(theirs[name])}, and this one's {Describe(different.Value)}. Give another --out, or the same settings to go on.");
        }
    }

    private static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? throw new JsonException("It is no object.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is no plan of a run: {e.Message} Give another --out.");
        }
    }

    private static string Describe(JsonNode? value) => value switch
    {
        null => "none",
        JsonArray list => string.Join("; ", list.Select(item => item?.ToString())),
        _ => value.ToString(),
    };
}
