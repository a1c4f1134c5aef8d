using System.Text.Json;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

/// <summary>Qwen3's own vocabulary, against ids from Hugging Face's tokenizers.</summary>
public class GenuineTokenizerTests
{
    public static TheoryData<string, int[]> Cases()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "tokenizer_cases.json")));
        var cases = new TheoryData<string, int[]>();
        foreach (JsonElement item in json.RootElement.EnumerateArray())
        {
            cases.Add(item.GetProperty("text").GetString()!, [.. item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())]);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Encode_GivesTheIdsOfTheOriginal(string text, int[] ids)
    {
        Qwen3Tokenizer tokenizer = GenuineTokenizer.OrSkip();

        Assert.Equal(ids, tokenizer.Encode(text));
        Assert.Equal(TextNormalizer.Normalize(text), tokenizer.Decode(ids));
    }

    [Fact]
    public void Load_KnowsTheVocabulary()
    {
        Qwen3Tokenizer tokenizer = GenuineTokenizer.OrSkip();

        Assert.Equal(151_669, tokenizer.VocabularySize);
        Assert.Equal(new SpecialTokens(151_643, 151_644, 151_645, 151_667, 151_668, 151_657, 151_658), tokenizer.SpecialTokens);
        Assert.Equal(" the"u8.ToArray(), tokenizer.TokenBytes(tokenizer.Encode(" the").Single()).ToArray());
    }

    [Fact]
    public void EncodeThenDecode_GivesTheNormalisedText()
    {
        Qwen3Tokenizer tokenizer = GenuineTokenizer.OrSkip();
        var random = new Random(6);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText.Next(random, 60, withLoneSurrogates: true);

            Assert.Equal(TextNormalizer.Normalize(text), tokenizer.Decode(tokenizer.Encode(text, parseSpecialTokens: false)));
        }
    }

    [Fact]
    public void IncrementalDecoding_EqualsDecodingAtOnce()
    {
        Qwen3Tokenizer tokenizer = GenuineTokenizer.OrSkip();
        var random = new Random(7);
        for (int i = 0; i < 1000; i++)
        {
            IncrementalDecoderTests.AssertPiecesEqualWhole(tokenizer, IncrementalDecoderTests.RandomIds(random, tokenizer), skipSpecialTokens: false);
        }
    }

    [Fact]
    public void ChatTemplate_IsThatOfApril2025()
    {
        GenuineTokenizer.OrSkip();

        Assert.Equal(ChatTemplateVariant.April2025, ChatTemplate.Load(GenuineTokenizer.Directory).Variant);
    }
}
