using System.Globalization;
using System.Text.RegularExpressions;

namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>Finds the GGUF files of a model: one, or the parts -00001-of-0000N to -0000N-of-0000N of a split one.</summary>
internal static partial class GgufSet
{
    private const string Extension = ".gguf";

    /// <summary>
    /// The first file of the model that a path names: a GGUF file, any part of a split one, or a directory that holds one and no safetensors.
    /// null when the path names nothing of the kind.
    /// </summary>
    /// <exception cref="CheckpointException">The directory holds several models.</exception>
    public static string? Find(string path)
    {
        if (File.Exists(path))
        {
            return path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? Parts(path)[0] : null;
        }

        if (!Directory.Exists(path) || Directory.EnumerateFiles(path, "model.safetensors*").Any())
        {
            return null;
        }

        string[] models = [.. Directory.EnumerateFiles(path, "*" + Extension).Select(file => Parts(file)[0]).Distinct().Order(StringComparer.Ordinal)];
        return models.Length <= 1
            ? models.FirstOrDefault()
            : throw new CheckpointException(
                $"{path} holds several GGUF models, {Path.GetFileName(models[0])} and {Path.GetFileName(models[1])} among them: name the file instead of the directory.");
    }

    /// <summary>All files of the model that a file belongs to, as the names of split files say; they need not be there.</summary>
    public static string[] Parts(string path)
    {
        Match match = SplitName().Match(path);
        if (!match.Success)
        {
            return [path];
        }

        int count = int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
        string start = match.Groups["start"].Value;
        return count == 0 ? [path] : [.. Enumerable.Range(1, count).Select(part => string.Create(CultureInfo.InvariantCulture, $"{start}-{part:00000}-of-{count:00000}{Extension}"))];
    }

    [GeneratedRegex(@"^(?<start>.*)-\d{5}-of-(?<count>\d{5})\.gguf$", RegexOptions.Singleline)]
    private static partial Regex SplitName();
}
