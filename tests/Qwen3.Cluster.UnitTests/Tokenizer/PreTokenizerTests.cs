using System.Text.RegularExpressions;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class PreTokenizerTests
{
    [Theory]
    [InlineData("Hello world", "Hello| world")]
    [InlineData("I'm don't I'LL we'Ve", "I|'m| don|'t| I|'LL| we|'Ve")]
    [InlineData("'\u017Fx 'x", "'\u017F|x| '|x")] // The long s counts as an s.
    [InlineData("'sat 'hello", "'s|at| '|hello")]
    [InlineData("x'hello", "x|'hello")]
    [InlineData("a1b22", "a|1|b|2|2")]
    [InlineData("\tword", "\tword")]
    [InlineData("x   y", "x|  | y")]
    [InlineData("x   ", "x|   ")]
    [InlineData("x \n \n  y", "x| \n \n| | y")]
    [InlineData("a!!\n\n b", "a|!!\n\n| b")]
    [InlineData(" ?!x", " ?!|x")]
    [InlineData("\u00A0x", "\u00A0x")]
    [InlineData("\u00A0\u00A0!", "\u00A0|\u00A0|!")]
    [InlineData("\U00020000\U00020001", "\U00020000\U00020001")] // Letters beyond the basic plane.
    [InlineData("\U0001D7CE\U0001D7CF", "\U0001D7CE|\U0001D7CF")] // Digits there.
    [InlineData("a😀😀b", "a|😀😀|b")]
    [InlineData(" 😀b", " 😀|b")]
    [InlineData("😀b", "😀b")] // One symbol may lead a word.
    [InlineData("e\u0301a", "e|\u0301a")]
    public void NextWord_CutsAsQwensPattern(string text, string words)
    {
        Assert.Equal(words, string.Join('|', Words(text)));
    }

    [Fact]
    public void NextWord_InTheBasicPlane_EqualsTheRegex()
    {
        var random = new Random(3);
        var regex = new Regex(PreTokenizer.Pattern, RegexOptions.CultureInvariant);
        for (int i = 0; i < 3000; i++)
        {
            string text = RandomText.Next(random, random.Next(1, 40), withLoneSurrogates: false);
            // .NET's regex sees halves of surrogate pairs, and folds the long s in its own way.
            text = string.Concat(text.Where(letter => !char.IsSurrogate(letter) && letter != '\u017F'));

            Assert.Equal(regex.Matches(text).Select(match => match.Value), Words(text));
        }
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (int start = 0; start < text.Length; start += words[^1].Length)
        {
            words.Add(text.Substring(start, PreTokenizer.NextWord(text.AsSpan(start))));
        }
        return words;
    }
}
