using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Reads the JSON of a checkpoint: one object, no duplicate names, at most 64 levels deep; anything else is refused in words.</summary>
internal static class JsonFile
{
    private const long LargestBytes = 256L << 20;
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    public static JsonDocument Read(string path)
    {
        byte[] bytes;
        try
        {
            FileInfo file = new(path);
            if (Directory.Exists(path))
            {
                throw new CheckpointException($"{path} is a directory, but a file was expected: download it again.");
            }

            if (!file.Exists)
            {
                throw new CheckpointException($"{path} is missing: a checkpoint directory as Hugging Face or ModelScope serve it has this file.");
            }

            if (file.Length > LargestBytes)
            {
                throw new CheckpointException($"{path} has {file.Length} bytes: no such file of a checkpoint is larger than {LargestBytes}.");
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {e.Message}", e);
        }

        LfsPointer.ThrowIfPointer(path, bytes);
        return Parse(bytes.AsMemory(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? 3 : 0), path);
    }

    /// <param name="utf8">The text.</param>
    /// <param name="name">The file, for messages.</param>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string name)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new CheckpointException($"{name} is not UTF-8 text, so not the JSON that it should be: download it again.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{name} is not valid JSON ({e.Message.TrimEnd('.')}): download it again.", e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        using (document)
        {
            throw new CheckpointException($"{name} holds a JSON {document.RootElement.ValueKind}, but an object was expected: download it again.");
        }
    }

    /// <summary>The members of an object, with their names decoded; a name that is not text (half a surrogate pair) is refused.</summary>
    public static List<(string Name, JsonElement Value)> Members(JsonElement element, string name)
    {
        List<(string, JsonElement)> members = [];
        try
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                members.Add((property.Name, property.Value));
            }
        }
        catch (InvalidOperationException e)
        {
            throw new CheckpointException($"{name} has a name that is not text (an escape that is half a surrogate pair): download it again.", e);
        }

        return members;
    }

    /// <summary>The text of a string element; null for anything else, and for escapes that are half a surrogate pair.</summary>
    public static string? Text(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
