using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>The keys that full pages of a cache are found by: each a hash of the page's tokens and of the key of the page before it.</summary>
public static class PrefixKeys
{
    /// <summary>The keys of a prompt's full pages, in order.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="expertLimit">Experts that a token of it may use.</param>
    /// <param name="pageSize">Positions a page; 1 or more.</param>
    /// <param name="mostPages">Later pages are left out.</param>
    public static UInt128[] Of(ReadOnlySpan<int> prompt, int expertLimit, int pageSize, int mostPages)
    {
        // The last token is computed in any case, so a page that it fills is not looked for.
        UInt128[] keys = new UInt128[Math.Min((prompt.Length - 1) / pageSize, mostPages)];
        UInt128 parent = UInt128.Zero;
        for (int page = 0; page < keys.Length; page++)
        {
            keys[page] = parent = Of(parent, expertLimit, prompt.Slice(page * pageSize, pageSize), Sha256);
        }

        return keys;
    }

    /// <summary>The key of one page.</summary>
    /// <param name="parent">The key of the page before it; zero at the start of a sequence.</param>
    /// <param name="expertLimit">The limit on experts of the sequence.</param>
    /// <param name="tokens">The tokens that fill the page.</param>
    /// <param name="hash">A hash.</param>
    internal static UInt128 Of(UInt128 parent, int expertLimit, ReadOnlySpan<int> tokens, Func<ReadOnlySpan<byte>, UInt128> hash)
    {
        const int Head = 20;
        Span<byte> content = stackalloc byte[1024];
        int length = Head + (tokens.Length * sizeof(int));
        content = length <= content.Length ? content[..length] : new byte[length];
        MemoryMarshal.Write(content, parent);
        MemoryMarshal.Write(content[16..], expertLimit);
        MemoryMarshal.AsBytes(tokens).CopyTo(content[Head..]);
        return hash(content);
    }

    /// <summary>SHA-256, cut to 128 bits.</summary>
    internal static UInt128 Sha256(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return MemoryMarshal.Read<UInt128>(hash);
    }
}
