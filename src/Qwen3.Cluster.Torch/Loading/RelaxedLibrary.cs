using System.Globalization;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Torch.Loading;

/// <summary>Keeps copies of shared libraries whose demand for a newer libstdc++ has been made optional.</summary>
internal static class RelaxedLibrary
{
    /// <summary>The version of libstdc++ that GCC 13.2 introduced.</summary>
    internal const string NewerVersion = "GLIBCXX_3.4.32";

    /// <summary>
    /// The path of a copy of <paramref name="file"/> for which <see cref="NewerVersion"/> is optional, made now or found in the user's cache.
    /// The original is not touched. Two processes may make the copy at once: each writes its own file and renames it.
    /// </summary>
    internal static string CopyOf(string file)
    {
        FileInfo source = new(file);
        string key = string.Create(CultureInfo.InvariantCulture, $"{source.Length:x}-{source.LastWriteTimeUtc.Ticks:x}");
        string directory = UserCache.Directory("native");
        string copy = Path.Combine(directory, $"{Path.GetFileNameWithoutExtension(file)}-{key}.so");
        if (File.Exists(copy))
        {
            return copy;
        }
        byte[] image = File.ReadAllBytes(file);
        if (!ElfVersions.MakeOptional(image, NewerVersion))
        {
            throw new NativeTorchException(
                $"{file} cannot be loaded here and does not ask for {NewerVersion}, the known cause; run ldd on it to see what is missing.");
        }
        string temporary = Path.Combine(directory, Path.GetRandomFileName());
        try
        {
            Directory.CreateDirectory(directory);
            File.WriteAllBytes(temporary, image);
            File.Move(temporary, copy, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NativeTorchException(
                $"{directory} cannot hold the copy of {Path.GetFileName(file)} that this system needs; set XDG_CACHE_HOME to a writable directory.", e);
        }
        return copy;
    }
}
