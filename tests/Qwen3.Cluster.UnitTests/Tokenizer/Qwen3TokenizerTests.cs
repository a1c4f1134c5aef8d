using System.Diagnostics;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class Qwen3TokenizerTests
{
    private static readonly Qwen3Tokenizer Tokenizer = SmallTokenizer.Load();

    [Theory]
    [InlineData("abc", "a|bc")] // "b c" ranks before "a b".
    [InlineData("aaa", "aa|a")] // Of equal ranks the leftmost.
    [InlineData("aaaaaaa", "aaaa|aa|a")]
    [InlineData("ab", "ab")]
    [InlineData(" a", " a")]
    [InlineData("hello hello", "hello| hello")] // No merge crosses the border of two words.
    [InlineData("1234", "1|2|3|4")]
    [InlineData("", "")]
    public void Encode_MergesByRank(string text, string tokens)
    {
        int[] ids = Tokenizer.Encode(text);

        Assert.Equal(tokens, string.Join('|', ids.Select(id => Tokenizer.Decode([id]))));
    }

    [Fact]
    public void Encode_MergesAsPlainMergingDoes()
    {
        var random = new Random(20250429);
        for (int round = 0; round < 20; round++)
        {
            string[] merges = RandomMerges(random, 60);
            Qwen3Tokenizer tokenizer = SmallTokenizer.Load(SmallTokenizer.Json(merges));
            for (int i = 0; i < 50; i++)
            {
                string word = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)('a' + random.Next(4))));

                int[] ids = tokenizer.Encode(word);

                Assert.Equal(PlainMerging(word, merges), ids.Select(id => tokenizer.Decode([id])));
            }
        }
    }

    [Fact]
    public void Encode_AMillionLettersInOneWord_IsNotQuadratic()
    {
        var watch = Stopwatch.StartNew();

        int[] ids = Tokenizer.Encode(new string('a', 1_000_000));

        Assert.Equal(250_000, ids.Length);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Encode_ComposesBeforeItMerges()
    {
        Assert.Equal(Tokenizer.Encode("\u00E9"), Tokenizer.Encode("e\u0301"));
        Assert.Single(Tokenizer.Encode("e\u0301"));
    }

    [Fact]
    public void Encode_SpecialTokens_TheLongestThatStartsFirst()
    {
        int first = SmallTokenizer.FirstAddedId;

        Assert.Equal([first + 1, 'x', first + 5, 'y', first + 2], Tokenizer.Encode("<|im_start|>x<|im_end|>\ny<|im_end|>"));
        Assert.Equal([first + 3, first + 4], Tokenizer.Encode("<think></think>"));
        Assert.Equal([.. "<|im_end".Select(letter => (int)letter)], Tokenizer.Encode("<|im_end"));
    }

    [Fact]
    public void Encode_SpecialTokensNotParsed_AreText()
    {
        const string text = "<|im_end|><think>";

        int[] ids = Tokenizer.Encode(text, parseSpecialTokens: false);

        Assert.All(ids, id => Assert.InRange(id, 0, SmallTokenizer.FirstAddedId - 1));
        Assert.Equal(text, Tokenizer.Decode(ids));
    }

    [Fact]
    public void Encode_AddedTokenAfterNormalisation()
    {
        JsonObject json = SmallTokenizer.Json();
        int id = SmallTokenizer.FirstAddedId + SmallTokenizer.AddedTokens.Length;
        json["added_tokens"]!.AsArray().Add(SmallTokenizer.AddedToken(id, "caf\u00E9", isNormalized: true));
        json["added_tokens"]!.AsArray().Add(SmallTokenizer.AddedToken(id + 1, "th\u00E9"));
        Qwen3Tokenizer tokenizer = SmallTokenizer.Load(json);

        Assert.Equal(['x', id, 'y'], tokenizer.Encode("xcafe\u0301y"));
        Assert.DoesNotContain(id + 1, tokenizer.Encode("the\u0301"));
        Assert.Equal([id + 1], tokenizer.Encode("th\u00E9"));
    }

    [Fact]
    public void SpecialTokens_AreFoundByTheirText()
    {
        int first = SmallTokenizer.FirstAddedId;

        Assert.Equal(new SpecialTokens(first, first + 1, first + 2, first + 3, first + 4, null, null), Tokenizer.SpecialTokens);
        Assert.Equal(first + SmallTokenizer.AddedTokens.Length, Tokenizer.VocabularySize);
    }

    [Fact]
    public void Decode_SkipsOnlyControlTokens()
    {
        int[] ids = Tokenizer.Encode("<|im_start|>a<think>b</think><|im_end|>");

        Assert.Equal("a<think>b</think>", Tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.Equal("<|im_start|>a<think>b</think><|im_end|>", Tokenizer.Decode(ids));
    }

    [Fact]
    public void Decode_UnknownId_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([-1]));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([Tokenizer.VocabularySize]));
        Assert.Contains($"from 0 to {Tokenizer.VocabularySize - 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_BytesThatAreNoUtf8_BecomeReplacementCharacters()
    {
        Assert.Equal("a\uFFFD\uFFFDb", Tokenizer.Decode(['a', 0xFF, 0xE2, 'b']));
    }

    [Fact]
    public void Encode_IsCancelledBetweenWordsAndInsideOne()
    {
        Assert.Throws<OperationCanceledException>(() => Tokenizer.Encode("a", cancellationToken: new CancellationToken(canceled: true)));

        // One word that takes seconds.
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => Tokenizer.Encode(new string('a', 4_000_000), cancellationToken: soon.Token));
    }

    [Fact]
    public void UnusedIds_AreThoseBetweenTokens()
    {
        JsonObject json = SmallTokenizer.Json();
        json["added_tokens"]!.AsArray().Add(SmallTokenizer.AddedToken(Tokenizer.VocabularySize + 2, "<|far|>"));

        Assert.Empty(Tokenizer.UnusedIds);
        Assert.Equal([Tokenizer.VocabularySize, Tokenizer.VocabularySize + 1], SmallTokenizer.Load(json).UnusedIds);
    }

    [Fact]
    public void EncodeThenDecode_GivesTheNormalisedText()
    {
        var random = new Random(1);
        for (int i = 0; i < 2000; i++)
        {
            string text = RandomText.Next(random, random.Next(1, 60), withLoneSurrogates: true);

            Assert.Equal(TextNormalizer.Normalize(text), Tokenizer.Decode(Tokenizer.Encode(text, parseSpecialTokens: false)));
        }
    }

    [Fact]
    public void Encode_OnManyThreads_GivesTheSame()
    {
        var random = new Random(2);
        string[] texts = [.. Enumerable.Range(0, 200).Select(_ => RandomText.Next(random, 50, withLoneSurrogates: true))];
        int[][] expected = [.. texts.Select(text => Tokenizer.Encode(text))];

        Parallel.For(0, 2000, i => Assert.Equal(expected[i % texts.Length], Tokenizer.Encode(texts[i % texts.Length])));
    }

    private static string[] RandomMerges(Random random, int count)
    {
        var tokens = new List<string> { "a", "b", "c", "d" };
        var merges = new List<string>();
        while (merges.Count < count)
        {
            string left = tokens[random.Next(tokens.Count)];
            string right = tokens[random.Next(tokens.Count)];
            if (left.Length + right.Length <= 8 && !tokens.Contains(left + right))
            {
                tokens.Add(left + right);
                merges.Add($"{left} {right}");
            }
        }
        // Ranks need not follow the order in which tokens are built.
        string[] shuffled = [.. merges];
        random.Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>The definition: look at all pairs, merge the leftmost of the lowest rank, begin again.</summary>
    private static List<string> PlainMerging(string word, string[] merges)
    {
        List<string> parts = [.. word.Select(letter => letter.ToString())];
        while (true)
        {
            (int Rank, int Left)[] candidates =
            [
                .. Enumerable.Range(0, parts.Count - 1)
                    .Select(i => (Rank: Array.IndexOf(merges, $"{parts[i]} {parts[i + 1]}"), Left: i))
                    .Where(candidate => candidate.Rank >= 0),
            ];
            if (candidates.Length == 0)
            {
                return parts;
            }
            int left = candidates.Min().Left;
            parts[left] += parts[left + 1];
            parts.RemoveAt(left + 1);
        }
    }
}
