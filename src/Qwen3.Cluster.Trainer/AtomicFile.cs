namespace Qwen3.Cluster.Trainer;

/// <summary>Files that are whole or absent: written under a temporary name beside their own, and renamed.</summary>
internal static class AtomicFile
{
    /// <summary>Writes or replaces a text file.</summary>
    public static void WriteText(string path, string text)
    {
        string partial = path + ".partial";
        try
        {
            File.WriteAllText(partial, text);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
