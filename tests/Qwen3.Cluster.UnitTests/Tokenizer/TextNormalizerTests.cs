using System.Diagnostics;
using System.Globalization;
using System.Text;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class TextNormalizerTests
{
    // Every mark that .NET knows, with those that decompose (U+0344, U+0F73) and those without a class.
    private static readonly Rune[] Marks = [.. Enumerable.Range(0x300, 0x20000).Where(Rune.IsValid).Select(value => new Rune(value))
        .Where(rune => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark)];

    private static readonly string[] Starters = ["e", "\u00E9", "\uAC00", "\u1100", "\u0BC6", "\uFFFE", "", "\U0001D15F"];

    [Fact]
    public void Long_runs_of_marks_have_the_nfc_that_they_always_had()
    {
        Random random = new(21);
        Assert.True(Marks.Length > 2000);
        for (int round = 0; round < 400; round++)
        {
            // A few marks many times, or all of them; where the run begins and ends, letters that compose with marks.
            Rune[] chosen = random.Next(3) == 0 ? Marks : [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Marks[random.Next(Marks.Length)])];
            var text = new StringBuilder();
            for (int run = 0; run < 4; run++)
            {
                text.Append(RandomText.Next(random, random.Next(4), withLoneSurrogates: false));
                text.Append(Starters[random.Next(Starters.Length)]);
                int marks = random.Next(200);
                for (int i = 0; i < marks; i++)
                {
                    text.Append(chosen[random.Next(chosen.Length)]);
                }
            }

            string whole = text.ToString();
            string expected = string.Join('\uFFFE', whole.Split('\uFFFE').Select(part => part.Normalize()));
            Assert.Equal(expected, TextNormalizer.Normalize(whole), StringComparer.Ordinal);
        }
    }

    [Fact]
    public void Each_mark_is_ordered_among_two_others_as_the_normaliser_orders_it()
    {
        foreach (Rune mark in Marks)
        {
            string text = "a" + string.Concat(Enumerable.Repeat($"\u0345{mark}\u0301{mark}\u0316\u0334", 12));
            Assert.Equal(text.Normalize(), TextNormalizer.Normalize(text), StringComparer.Ordinal);
        }
    }

    [Fact]
    public void Many_marks_in_disorder_take_no_quadratic_time()
    {
        string text = "e" + string.Concat(Enumerable.Repeat("\u0301\u0316", 200_000));
        long started = Stopwatch.GetTimestamp();

        string normalized = TextNormalizer.Normalize(text);

        // Half a second; string.Normalize alone takes a minute.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
        Assert.Equal("\u00E9" + new string('\u0316', 200_000) + new string('\u0301', 199_999), normalized, StringComparer.Ordinal);
    }
}
