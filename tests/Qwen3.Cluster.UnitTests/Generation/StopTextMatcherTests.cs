using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class StopTextMatcherTests
{
    [Fact]
    public void Holds_back_only_what_may_begin_a_stop_text()
    {
        StopTextMatcher matcher = new(["STOP", "\n\n"]);

        Assert.Equal("a ", matcher.Append("a S"));
        Assert.Equal("", matcher.Append("TO"));
        Assert.Equal("STOR", matcher.Append("R"));
        Assert.Equal("!", matcher.Append("!\n"));
        Assert.Equal("\n.", matcher.Append("."));
        Assert.Equal("", matcher.Append("ST"));
        Assert.Equal("ST", matcher.Flush());
        Assert.Null(matcher.Found);
        Assert.Equal("x", matcher.Append("xSTOPy\n\n"));
        Assert.Equal("STOP", matcher.Found);
        Assert.Equal("", matcher.Append("more"));
    }

    [Fact]
    public void Finds_the_first_stop_text_however_the_text_is_cut()
    {
        Random random = new(21);
        for (int round = 0; round < 2000; round++)
        {
            string text = Text(random.Next(0, 40));
            string[] stops = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => Text(random.Next(1, 5)))];
            StopTextMatcher matcher = new(stops);
            string output = "";
            for (int start = 0; start < text.Length && matcher.Found is null;)
            {
                int length = Math.Min(random.Next(1, 6), text.Length - start);
                output += matcher.Append(text.Substring(start, length));
                start += length;
            }

            output += matcher.Flush();

            // The match that is complete first ends the text; of those within the same piece, the one that begins first.
            int end = matcher.Found is null ? text.Length : output.Length;
            Assert.Equal(text[..end], output);
            Assert.Equal(stops.Any(text.Contains), matcher.Found is not null);
            if (matcher.Found is { } found)
            {
                Assert.StartsWith(found, text[end..], StringComparison.Ordinal);
                Assert.DoesNotContain(stops, stop => output.Contains(stop, StringComparison.Ordinal));
            }
        }

        string Text(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "ab"[random.Next(2)]));
    }
}
