using System.Numerics;

namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>
/// Where each pair and each triple of a sequence's tokens stood last, and what followed. Each token is put in once, when the one behind it is known; a
/// search looks at two places. A place holds the n-gram that came last: one that is overwritten is not found, which costs a draft. At most
/// 256 KiB, however long the sequence.
/// </summary>
internal sealed class NgramTable
{
    private const int Shortest = 2;
    private const int Longest = 3;
    private const int FirstPlaces = 1024;
    private const int MostPlaces = 65536;
    private const uint Golden = 2654435769; // 2^32 / φ: spreads neighbouring ids (Knuth, TAOCP 6.4)

    private int[] _followers = []; // positions behind n-grams, 0: none
    private int _known;

    /// <summary>Where what followed the longest known n-gram at the end of the tokens begins; −1 where none is known.</summary>
    /// <param name="tokens">The sequence; it only grows from call to call.</param>
    public int Find(ReadOnlySpan<int> tokens)
    {
        TakeIn(tokens);
        for (int length = Longest; length >= Shortest; length--)
        {
            if (tokens.Length < length)
            {
                continue;
            }

            ReadOnlySpan<int> last = tokens[^length..];
            int follower = _followers[PlaceOf(last)];
            if (follower >= length && tokens.Slice(follower - length, length).SequenceEqual(last))
            {
                return follower;
            }
        }

        return -1;
    }

    private void TakeIn(ReadOnlySpan<int> tokens)
    {
        int places = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2(2 * (uint)tokens.Length), FirstPlaces, MostPlaces);
        if (places > _followers.Length)
        {
            // Twice as many places are needed each time, so a token is put in again about once.
            (_followers, _known) = (new int[places], 0);
        }

        for (; _known < tokens.Length; _known++)
        {
            for (int length = Shortest; length <= Math.Min(Longest, _known); length++)
            {
                _followers[PlaceOf(tokens.Slice(_known - length, length))] = _known;
            }
        }
    }

    private int PlaceOf(ReadOnlySpan<int> ngram)
    {
        uint hash = (uint)ngram.Length;
        foreach (int token in ngram)
        {
            hash = BitOperations.RotateLeft((hash ^ (uint)token) * Golden, 15);
        }

        return (int)(hash & (uint)(_followers.Length - 1));
    }
}
