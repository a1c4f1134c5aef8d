namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Where this project keeps, for a user, what it can make again.</summary>
public static class UserCache
{
    /// <summary>A directory of it, which need not exist: below XDG_CACHE_HOME, else .cache of the home directory, else the temporary directory.</summary>
    public static string Directory(string name) => Path.Combine(Root(), "qwen3-cluster", name);

    private static string Root()
    {
        string? configured = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!string.IsNullOrEmpty(configured) && Path.IsPathRooted(configured))
        {
            return configured;
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0 ? Path.Combine(home, ".cache") : Path.GetTempPath();
    }
}
