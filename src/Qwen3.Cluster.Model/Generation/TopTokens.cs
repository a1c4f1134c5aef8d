using System.Numerics;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Selects the k largest logits without sorting the row: one vectorised pass that compares with the smallest of a heap of k.
/// O(V + c·log k), where c is how many values in turn were among the k largest so far, about k·ln(V/k) in a row without order.
/// </summary>
internal sealed class TopTokens
{
    private float[] _logits = new float[64];
    private int[] _ids = new int[64];

    /// <summary>How many were selected.</summary>
    public int Count { get; private set; }

    /// <summary>The tokens, the likeliest first; equal logits by id. [Count]</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Their logits. [Count]</summary>
    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, Count);

    /// <summary>Selects the largest values of a row.</summary>
    /// <param name="row">Logits without NaN, [vocabulary].</param>
    /// <param name="k">How many; at most the row's length.</param>
    public void Select(ReadOnlySpan<float> row, int k)
    {
        Count = k;
        if (k == 0)
        {
            return;
        }

        if (_ids.Length < k)
        {
            Array.Resize(ref _ids, k);
            Array.Resize(ref _logits, k);
        }

        for (int id = 0; id < k; id++)
        {
            (_logits[id], _ids[id]) = (row[id], id);
        }

        for (int node = (k / 2) - 1; node >= 0; node--)
        {
            SiftDown(node, k);
        }

        // An equal logit of a later id is the lesser one, so only what is greater than the heap's least goes in.
        int next = k;
        for (; next <= row.Length - Vector<float>.Count; next += Vector<float>.Count)
        {
            if (Vector.GreaterThanAny(new Vector<float>(row[next..]), new Vector<float>(_logits[0])))
            {
                for (int lane = 0; lane < Vector<float>.Count; lane++)
                {
                    Offer(row[next + lane], next + lane);
                }
            }
        }

        for (; next < row.Length; next++)
        {
            Offer(row[next], next);
        }

        // Heap sort: the least goes to the end of what is left.
        for (int left = k - 1; left > 0; left--)
        {
            Swap(0, left);
            SiftDown(0, left);
        }
    }

    private void Offer(float logit, int id)
    {
        if (logit > _logits[0])
        {
            (_logits[0], _ids[0]) = (logit, id);
            SiftDown(0, Count);
        }
    }

    private void SiftDown(int node, int size)
    {
        while (true)
        {
            int least = node;
            int left = (2 * node) + 1;
            if (left < size && IsLess(left, least))
            {
                least = left;
            }

            if (left + 1 < size && IsLess(left + 1, least))
            {
                least = left + 1;
            }

            if (least == node)
            {
                return;
            }

            Swap(node, least);
            node = least;
        }
    }

    private bool IsLess(int a, int b) => _logits[a] < _logits[b] || (_logits[a] == _logits[b] && _ids[a] > _ids[b]);

    private void Swap(int a, int b)
    {
        (_logits[a], _logits[b]) = (_logits[b], _logits[a]);
        (_ids[a], _ids[b]) = (_ids[b], _ids[a]);
    }
}
