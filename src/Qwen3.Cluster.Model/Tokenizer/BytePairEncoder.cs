namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// Byte-pair merging (Sennrich et al., 2016): a word starts as one token for each byte; as long as there is a pair of
/// neighbours with a merge, the pair of the lowest rank is merged, the leftmost first.
/// </summary>
/// <remarks>
/// Candidates wait in a heap, so that a word of n bytes takes O(n log n): a prompt may be one word of a million letters.
/// Holds working memory: one instance for each call that encodes.
/// </remarks>
internal sealed class BytePairEncoder(BytePairMerges merges)
{
    private const int None = -1;
    private const int StepsBetweenLooks = 4096;

    private readonly PriorityQueue<int, ulong> _candidates = new();

    // The word as a linked list of tokens; an entry is named by the index of its first byte.
    private int[] _tokens = new int[64];
    private int[] _previous = new int[64];
    private int[] _next = new int[64];

    /// <summary>Appends the tokens of one word.</summary>
    /// <param name="word">UTF-8 bytes of the word, as the pre-tokenizer cut it.</param>
    /// <param name="ids">Takes the token ids.</param>
    /// <param name="cancellationToken">Looked at before the word and, as one may be megabytes long, in it.</param>
    public void Encode(ReadOnlySpan<byte> word, List<int> ids, CancellationToken cancellationToken = default)
    {
        LookAt(cancellationToken, step: 0);
        if (word.Length > _tokens.Length)
        {
            int size = Math.Max(word.Length, 2 * _tokens.Length);
            _tokens = new int[size];
            _previous = new int[size];
            _next = new int[size];
        }

        for (int i = 0; i < word.Length; i++)
        {
            _tokens[i] = merges.ByteTokens[word[i]];
            _previous[i] = i - 1;
            _next[i] = i + 1 < word.Length ? i + 1 : None;
        }
        for (int i = 0; i + 1 < word.Length; i++)
        {
            LookAt(cancellationToken, i);
            AddCandidate(i);
        }

        for (int step = 1; _candidates.TryDequeue(out int left, out ulong priority); step++)
        {
            LookAt(cancellationToken, step);

            // A candidate is stale when one of its halves has been merged away since.
            if (_tokens[left] == None || _next[left] == None
                || !merges.TryGet(_tokens[left], _tokens[_next[left]], out Merge merge) || merge.Rank != (int)(priority >> 32))
            {
                continue;
            }
            int right = _next[left];
            _tokens[left] = merge.Token;
            _tokens[right] = None;
            _next[left] = _next[right];
            if (_next[left] != None)
            {
                _previous[_next[left]] = left;
                AddCandidate(left);
            }
            if (_previous[left] != None)
            {
                AddCandidate(_previous[left]);
            }
        }

        for (int i = 0; i != None; i = _next[i])
        {
            ids.Add(_tokens[i]);
        }
    }

    private static void LookAt(CancellationToken cancellationToken, int step)
    {
        if (step % StepsBetweenLooks == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void AddCandidate(int left)
    {
        if (merges.TryGet(_tokens[left], _tokens[_next[left]], out Merge merge))
        {
            _candidates.Enqueue(left, ((ulong)(uint)merge.Rank << 32) | (uint)left);
        }
    }
}
