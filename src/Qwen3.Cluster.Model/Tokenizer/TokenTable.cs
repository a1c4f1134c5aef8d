using System.Text;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>The bytes of every token, by id.</summary>
internal sealed class TokenTable
{
    private readonly byte[] _bytes;

    // [ids + 1]: token i is _bytes[_starts[i].._starts[i + 1]]. An id without a token is empty.
    private readonly int[] _starts;
    private readonly bool[] _isSpecial;

    public TokenTable(TokenizerFile file)
    {
        int count = 1 + Math.Max(file.Vocabulary.Values.Max(), file.AddedTokens.Select(token => token.Id).DefaultIfEmpty().Max());
        var texts = new string?[count];
        foreach ((string text, int id) in file.Vocabulary)
        {
            if (texts[id] is { } other)
            {
                throw file.Refusal($"model.vocab gives the id {id} to both '{other}' and '{text}'");
            }
            texts[id] = text;
        }

        var added = new AddedToken?[count];
        _isSpecial = new bool[count];
        foreach (AddedToken token in file.AddedTokens)
        {
            if ((added[token.Id]?.Content ?? texts[token.Id]) is { } other && other != token.Content)
            {
                throw file.Refusal($"added_tokens gives the id {token.Id} to '{token.Content}', but it is that of '{other}'");
            }
            added[token.Id] = token;
            _isSpecial[token.Id] = token.IsSpecial;
        }

        _starts = new int[count + 1];
        var bytes = new MemoryStream(8 * count);
        for (int id = 0; id < count; id++)
        {
            if (added[id] is { } token)
            {
                bytes.Write(Encoding.UTF8.GetBytes(token.Content));
            }
            else
            {
                foreach (char letter in texts[id] ?? "")
                {
                    if (!ByteAlphabet.TryGetByte(letter, out byte value))
                    {
                        throw file.Refusal($"model.vocab's '{texts[id]}' is not written in the alphabet of byte-level BPE");
                    }
                    bytes.WriteByte(value);
                }
            }
            _starts[id + 1] = (int)bytes.Length;
        }
        _bytes = bytes.ToArray();
    }

    /// <summary>Number of ids: the highest plus one.</summary>
    public int Count => _isSpecial.Length;

    /// <summary>The token's bytes, not necessarily whole characters.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No token has this id.</exception>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            if ((uint)id >= (uint)Count || _starts[id] == _starts[id + 1])
            {
                throw new ArgumentOutOfRangeException(nameof(id), id, $"No token has the id {id}: ids go from 0 to {Count - 1}.");
            }
            return _bytes.AsSpan(_starts[id].._starts[id + 1]);
        }
    }

    /// <summary>Ids below <see cref="Count"/> that no token has, in ascending order.</summary>
    public int[] FindUnused() => [.. Enumerable.Range(0, Count).Where(id => _starts[id] == _starts[id + 1])];

    public bool IsSpecial(int id) => (uint)id < (uint)Count && _isSpecial[id];
}
