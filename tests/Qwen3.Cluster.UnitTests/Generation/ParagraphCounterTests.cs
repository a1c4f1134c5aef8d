using System.Text;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class ParagraphCounterTests
{
    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("\n\n\n", 0, 0)]
    [InlineData("one", 1, 0)]
    [InlineData("one\ntwo\n", 1, 0)]
    [InlineData("one.\n\n", 1, 1)]
    [InlineData("\n\none\n\n\n\n \n\ntwo", 2, 1)]
    [InlineData("one\n \t\r\ntwo\r\n\r\nthree", 3, 2)]
    [InlineData("é\n\n日本\n\n", 2, 2)]
    public void A_blank_line_closes_a_paragraph_however_the_text_is_cut(string text, int begun, int closed)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        for (int cut = 0; cut <= utf8.Length; cut++)
        {
            ParagraphCounter counter = default;
            counter.Append(utf8.AsSpan(0, cut));
            counter.Append(utf8.AsSpan(cut));
            Assert.Equal((begun, closed), (counter.Begun, counter.Closed));
        }
    }
}
