using System.Runtime.InteropServices;
using System.Text;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Checkpoints.Gguf;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// Qwen3's tokenizer, exact: added tokens are found first, the text between them is brought to NFC, cut into words by Qwen's
/// pattern, and each word's UTF-8 bytes are merged pair by pair. Reads any vocabulary of this kind. Safe for many threads.
/// </summary>
public sealed class Qwen3Tokenizer
{
    private readonly BytePairMerges _merges;
    private readonly TokenTable _tokens;
    private readonly AddedTokenSplitter _addedTokens;
    private readonly AddedTokenSplitter _normalizedAddedTokens;

    private Qwen3Tokenizer(TokenizerFile file)
    {
        _merges = file.Merges;
        _tokens = new TokenTable(file);
        _addedTokens = new AddedTokenSplitter(file.AddedTokens.Where(token => !token.IsNormalized));
        _normalizedAddedTokens = new AddedTokenSplitter(file.AddedTokens.Where(token => token.IsNormalized));
        SpecialTokens = SpecialTokens.From(file.AddedTokens);
        UnusedIds = _tokens.FindUnused();
    }

    /// <summary>Number of ids: the highest plus one. The model's rows from there on are padding and never sampled.</summary>
    public int VocabularySize => _tokens.Count;

    /// <summary>Ids below <see cref="VocabularySize"/> that no token has, in ascending order; none in Qwen's own files. Never sampled.</summary>
    public IReadOnlyList<int> UnusedIds { get; }

    /// <summary>Ids of the tokens that a conversation is built from.</summary>
    public SpecialTokens SpecialTokens { get; }

    /// <summary>Reads a tokenizer.json, given by its path or by the directory that holds it; or the tokenizer in a GGUF file, given likewise.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or not of the Qwen family.</exception>
    public static Qwen3Tokenizer Load(string directoryOrFile)
    {
        if (GgufSet.Find(directoryOrFile) is { } gguf)
        {
            return new Qwen3Tokenizer(TokenizerFile.ReadGguf(gguf));
        }

        string path = Directory.Exists(directoryOrFile) ? Path.Combine(directoryOrFile, "tokenizer.json") : directoryOrFile;
        return new Qwen3Tokenizer(TokenizerFile.Read(path));
    }

    /// <summary>The token ids of a text. Nothing is added before or after it.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="parseSpecialTokens">
    /// Whether added tokens such as <c>&lt;|im_end|&gt;</c> become their one id; false takes them as ordinary text, for text
    /// that must not be able to end a message.
    /// </param>
    /// <param name="cancellationToken">Stops it within some milliseconds; a text of megabytes takes seconds.</param>
    public int[] Encode(string text, bool parseSpecialTokens = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>((text.Length / 3) + 1);
        var encoder = new BytePairEncoder(_merges);
        if (!parseSpecialTokens)
        {
            EncodeWords(TextNormalizer.Normalize(text), encoder, ids, cancellationToken);
            return [.. ids];
        }

        foreach ((ReadOnlyMemory<char> part, int? id) in _addedTokens.Split(text.AsMemory()))
        {
            if (id is int addedId)
            {
                ids.Add(addedId);
                continue;
            }
            string normalized = TextNormalizer.Normalize(part.Span);
            foreach ((ReadOnlyMemory<char> innerPart, int? innerId) in _normalizedAddedTokens.Split(normalized.AsMemory()))
            {
                if (innerId is int normalizedId)
                {
                    ids.Add(normalizedId);
                }
                else
                {
                    EncodeWords(innerPart.Span, encoder, ids, cancellationToken);
                }
            }
        }
        return [.. ids];
    }

    /// <summary>The text of token ids. Bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="ids">Ids of tokens.</param>
    /// <param name="skipSpecialTokens">Leaves out control tokens (<c>&lt;|im_end|&gt;</c>, not <c>&lt;think&gt;</c>), as the file marks them.</param>
    /// <exception cref="ArgumentOutOfRangeException">No token has one of the ids.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var bytes = new List<byte>(4 * ids.Length);
        foreach (int id in ids)
        {
            if (!skipSpecialTokens || !_tokens.IsSpecial(id))
            {
                bytes.AddRange(_tokens[id]);
            }
        }
        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    /// <summary>A decoder for ids that come one by one.</summary>
    /// <param name="skipSpecialTokens">As in <see cref="Decode"/>.</param>
    public IncrementalDecoder CreateDecoder(bool skipSpecialTokens = false) => new(_tokens, skipSpecialTokens);

    /// <summary>The bytes of one token, not necessarily whole characters.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No token has this id.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id) => _tokens[id];

    private static void EncodeWords(ReadOnlySpan<char> text, BytePairEncoder encoder, List<int> ids, CancellationToken cancellationToken)
    {
        Span<byte> buffer = stackalloc byte[256];
        while (!text.IsEmpty)
        {
            ReadOnlySpan<char> word = text[..PreTokenizer.NextWord(text)];
            text = text[word.Length..];
            // A UTF-16 unit takes at most three bytes.
            Span<byte> bytes = 3 * word.Length <= buffer.Length ? buffer : new byte[3 * word.Length];
            encoder.Encode(bytes[..Encoding.UTF8.GetBytes(word, bytes)], ids, cancellationToken);
        }
    }
}
