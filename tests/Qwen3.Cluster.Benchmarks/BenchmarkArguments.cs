namespace Qwen3.Cluster.Benchmarks;

/// <summary>What follows a benchmark's name: <c>--name value</c>, each once.</summary>
internal sealed class BenchmarkArguments
{
    private readonly Dictionary<string, string> _values = [];

    /// <summary>Reads them.</summary>
    /// <param name="args">The command line behind the name.</param>
    /// <param name="known">The names that there are.</param>
    /// <exception cref="ArgumentException">A name is not known, or has no value.</exception>
    public BenchmarkArguments(string[] args, params string[] known)
    {
        for (int i = 0; i < args.Length; i += 2)
        {
            string name = args[i].StartsWith("--", StringComparison.Ordinal) ? args[i][2..] : args[i];
            if (!known.Contains(name) || i + 1 == args.Length)
            {
                throw new ArgumentException($"'{args[i]}' is not an option with a value; there are --{string.Join(", --", known)}.");
            }

            _values[name] = args[i + 1];
        }
    }

    /// <summary>A number.</summary>
    public int Get(string name, int otherwise) => _values.TryGetValue(name, out string? value) ? int.Parse(value) : otherwise;

    /// <summary>One of an enumeration's names.</summary>
    public T Get<T>(string name, T otherwise)
        where T : struct, Enum => _values.TryGetValue(name, out string? value) ? Enum.Parse<T>(value, ignoreCase: true) : otherwise;
}
