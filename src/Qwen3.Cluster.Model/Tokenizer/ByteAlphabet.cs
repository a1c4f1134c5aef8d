namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// GPT-2's printable alphabet for bytes, in which tokenizer.json writes its vocabulary: visible Latin-1 characters stand for
/// themselves, the other 68 bytes are U+0100 and following (a space is Ġ, a new line is Ċ).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = BuildChars();
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char CharOf(byte value) => Chars[value];

    /// <summary>The byte that a character stands for; false when it stands for none.</summary>
    public static bool TryGetByte(char value, out byte result)
    {
        int found = value < Bytes.Length ? Bytes[value] : -1;
        result = (byte)found;
        return found >= 0;
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        int next = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool isVisible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[value] = isVisible ? (char)value : (char)next++;
        }
        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[Chars.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Chars[value]] = (short)value;
        }
        return bytes;
    }
}
