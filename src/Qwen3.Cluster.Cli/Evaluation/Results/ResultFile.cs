using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>
/// The results of a run, a line of JSON each, appended as they come. A process that is killed loses the line that it was writing; opened again, the file
/// goes on after the last whole one. One process at a time.
/// </summary>
public sealed class ResultFile : IDisposable
{
    /// <summary>Its name in the directory of a run.</summary>
    public const string FileName = "results.jsonl";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly FileStream _stream;

    private ResultFile(FileStream stream, IReadOnlyList<EvalResult> read) => (_stream, Read) = (stream, read);

    /// <summary>What was there when it was opened.</summary>
    public IReadOnlyList<EvalResult> Read { get; }

    /// <summary>Opens the file of a directory, or makes one.</summary>
    /// <exception cref="UsageException">A line is no result.</exception>
    /// <exception cref="IOException">Another process has it open.</exception>
    public static ResultFile Open(string directory)
    {
        string path = Path.Combine(directory, FileName);
        // On Linux only a file that is shared with nobody is locked against a second writer; whoever does not ask for locks can read it.
        FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            int whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
            stream.SetLength(whole);
            stream.Position = whole;
            string[] lines = Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return new ResultFile(stream, [.. lines.Select((line, i) => Parse(path, i + 1, line))]);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Appends a result; it is with the operating system when this returns. For one caller at a time.</summary>
    public void Append(EvalResult result)
    {
        _stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(result, Json) + "\n"));
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static EvalResult Parse(string path, int number, string line)
    {
        try
        {
            return JsonSerializer.Deserialize<EvalResult>(line, Json) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path}, line {number} is no result: {e.Message} Give another --out.");
        }
    }
}
