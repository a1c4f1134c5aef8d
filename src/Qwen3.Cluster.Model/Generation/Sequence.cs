using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Generation.Speculation;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>The tokens of one reply with its prompt before them, and how far the model has run them.</summary>
internal sealed class Sequence
{
    private readonly List<int> _tokens; // drafts behind its own
    private readonly long _latestShortStart;
    private AcceptanceRate _acceptance = new();

    /// <param name="reply">The reply that its tokens make.</param>
    /// <param name="arrival">The request's place in the order of arrival.</param>
    /// <param name="latestStarts">By when the request has to be begun, for a whole reply and for the shortest one: timestamps of the engine's clock.</param>
    /// <param name="expertLimit">Experts that a token may use.</param>
    public Sequence(Reply reply, long arrival, (long Whole, long Short) latestStarts, int expertLimit)
    {
        (Reply, Arrival, LatestStart, _latestShortStart, ExpertLimit) = (reply, arrival, latestStarts.Whole, latestStarts.Short, expertLimit);
        _tokens = [.. reply.Request.Prompt];
        Count = _tokens.Count;
    }

    /// <summary>The reply that its tokens make.</summary>
    public Reply Reply { get; }

    /// <summary>The request's place in the order of arrival.</summary>
    public long Arrival { get; }

    /// <summary>By when the request has to be begun: the earlier, the less slack it has.</summary>
    public long LatestStart { get; private set; }

    /// <summary>Experts that a token may use.</summary>
    public int ExpertLimit { get; }

    /// <summary>Prompt and reply.</summary>
    public ReadOnlySpan<int> Tokens => TokensAndDrafts[..Count];

    /// <summary>The same and the drafts behind them.</summary>
    public ReadOnlySpan<int> TokensAndDrafts => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Tokens that it has.</summary>
    public int Count { get; private set; }

    /// <summary>Guesses of what comes behind its tokens, until the step that tells.</summary>
    public int DraftCount => _tokens.Count - Count;

    /// <summary>How many of them the next step runs, each in a row behind the last token's.</summary>
    public int DraftsToRun { get; set; }

    /// <summary>The guess of its next token; null where there is none.</summary>
    public int? NextDraft => DraftCount > 0 ? _tokens[Count] : null;

    /// <summary>How often its drafts come true.</summary>
    public ref AcceptanceRate Acceptance => ref _acceptance;

    /// <summary>Where its tokens stood before.</summary>
    public NgramTable Lookup { get; } = new();

    /// <summary>Of these, the first so many are in the cache.</summary>
    public int Computed { get; set; }

    /// <summary>Tokens that the model has yet to run, drafts not counted; 1 for a reply that goes on token by token.</summary>
    public int Pending => Count - Computed;

    /// <summary>The pages that it holds.</summary>
    public PageTable Pages { get; } = new();

    /// <summary>How many of its first pages the prefix cache knows.</summary>
    public int KnownPages { get; set; }

    /// <summary>The last of them.</summary>
    public PrefixPage? LastKnownPage { get; set; }

    /// <summary>False once one of its pages had the key of another content.</summary>
    public bool CanShare { get; set; } = true;

    /// <summary>Whether it has ever been in a batch.</summary>
    public bool HasStarted { get; set; }

    /// <summary>It will have no whole reply: from now on it only has to be begun in time for the shortest one.</summary>
    /// <returns>Whether that is later.</returns>
    public bool GiveWay()
    {
        bool isLater = _latestShortStart > LatestStart;
        LatestStart = Math.Max(LatestStart, _latestShortStart);
        return isLater;
    }

    /// <summary>Adds a token at its end: the draft that came true, or another, with which all drafts go.</summary>
    public void Append(int token)
    {
        if (token != NextDraft)
        {
            DropDrafts();
            _tokens.Add(token);
        }

        Count++;
    }

    /// <summary>A token, or the draft behind them.</summary>
    public int TokenOrDraft(int index) => _tokens[index];

    /// <summary>Adds a draft behind its tokens and drafts.</summary>
    public void AddDraft(int token) => _tokens.Add(token);

    /// <summary>Takes all drafts away.</summary>
    public void DropDrafts()
    {
        DraftsToRun = 0;
        CollectionsMarshal.SetCount(_tokens, Count);
    }

    /// <summary>Whether it comes before another: the one with less slack, then the one that came first, then the first sample.</summary>
    public bool IsBefore(Sequence other) =>
        (LatestStart, Arrival, Reply.Sample).CompareTo((other.LatestStart, other.Arrival, other.Reply.Sample)) < 0;
}
