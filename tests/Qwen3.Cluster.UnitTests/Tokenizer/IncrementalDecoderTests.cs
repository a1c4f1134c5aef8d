using System.Text;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class IncrementalDecoderTests
{
    private static readonly Qwen3Tokenizer Tokenizer = SmallTokenizer.Load();

    [Fact]
    public void Append_HoldsACharacterBackUntilItsLastByte()
    {
        IncrementalDecoder decoder = Tokenizer.CreateDecoder();

        Assert.Equal(["", "", "", "😀", "a"], new[] { 0xF0, 0x9F, 0x98, 0x80, 'a' }.Select(decoder.Append));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void Flush_AnUnfinishedCharacter_IsOneReplacementCharacter()
    {
        IncrementalDecoder decoder = Tokenizer.CreateDecoder();
        decoder.Append(0xF0);
        decoder.Append(0x9F);

        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("a", decoder.Append('a'));
    }

    [Fact]
    public void Append_ATokenInsideACharacter_EndsIt()
    {
        IncrementalDecoder decoder = Tokenizer.CreateDecoder();
        decoder.Append(0xE2);

        Assert.Equal("\uFFFD<|im_end|>", decoder.Append(Tokenizer.SpecialTokens.ImEnd!.Value));
    }

    [Fact]
    public void Append_SkippedControlTokens_GiveNothing()
    {
        IncrementalDecoder decoder = Tokenizer.CreateDecoder(skipSpecialTokens: true);

        Assert.Equal("", decoder.Append(Tokenizer.SpecialTokens.ImEnd!.Value));
        Assert.Equal("<think>", decoder.Append(Tokenizer.SpecialTokens.ThinkStart!.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AllPieces_AreWhatDecodingAtOnceGives(bool skipSpecialTokens)
    {
        var random = new Random(4);
        for (int i = 0; i < 3000; i++)
        {
            AssertPiecesEqualWhole(Tokenizer, RandomIds(random, Tokenizer), skipSpecialTokens);
        }
    }

    internal static void AssertPiecesEqualWhole(Qwen3Tokenizer tokenizer, int[] ids, bool skipSpecialTokens)
    {
        IncrementalDecoder decoder = tokenizer.CreateDecoder(skipSpecialTokens);
        var pieces = new StringBuilder();
        foreach (int id in ids)
        {
            string piece = decoder.Append(id);
            Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]), "Half a character came out.");
            pieces.Append(piece);
        }
        pieces.Append(decoder.Flush());

        Assert.Equal(tokenizer.Decode(ids, skipSpecialTokens), pieces.ToString());
    }

    /// <summary>Ids at random (bytes that are no UTF-8), and real text with some ids taken out or added.</summary>
    internal static int[] RandomIds(Random random, Qwen3Tokenizer tokenizer)
    {
        if (random.Next(2) == 0)
        {
            return [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(tokenizer.VocabularySize))];
        }
        List<int> ids = [.. tokenizer.Encode(RandomText.Next(random, 20, withLoneSurrogates: true))];
        ids.RemoveAt(random.Next(ids.Count));
        ids.Insert(random.Next(ids.Count + 1), random.Next(tokenizer.VocabularySize));
        return [.. ids];
    }
}
