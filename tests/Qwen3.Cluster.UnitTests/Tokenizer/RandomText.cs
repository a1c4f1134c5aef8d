using System.Text;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

/// <summary>Seeded text of the kinds that break tokenizers.</summary>
internal static class RandomText
{
    private static readonly (int First, int Last)[] Ranges =
    [
        (0x20, 0x7E), (0x20, 0x7E), (0x09, 0x0D), (0x00, 0x1F), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF),
        (0x900, 0xDFF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2100, 0x218F), (0x3000, 0x30FF),
        (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE00, 0xFFFF), (0x10000, 0x10FFFF), (0x1D400, 0x1D7FF),
        (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF),
    ];

    private static readonly string[] Snippets =
        [" ", "  ", "\n", "\r\n", "'s", "'LL", " the", "<|im_end|>", "<think>", "</think>", "123", "👩‍💻", "e\u0301", "\uFFFE", "\t\t x"];

    /// <param name="random">The source.</param>
    /// <param name="parts">Number of characters and snippets.</param>
    /// <param name="withLoneSurrogates">Whether it may hold halves of surrogate pairs.</param>
    public static string Next(Random random, int parts, bool withLoneSurrogates)
    {
        var text = new StringBuilder();
        for (int i = 0; i < parts; i++)
        {
            switch (random.Next(withLoneSurrogates ? 12 : 10))
            {
                case < 2:
                    text.Append(Snippets[random.Next(Snippets.Length)]);
                    break;
                case < 10:
                    (int first, int last) = Ranges[random.Next(Ranges.Length)];
                    int run = random.Next(1, 4);
                    for (int j = 0; j < run; j++)
                    {
                        text.Append(new Rune(random.Next(first, last + 1)));
                    }
                    break;
                default:
                    text.Append((char)random.Next(0xD800, 0xE000));
                    break;
            }
        }
        return text.ToString();
    }
}
