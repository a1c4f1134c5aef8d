using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// Where the parts of a request's content lie, in bytes:
/// <code>inputs [rows, H] · row of each choice i32 · expert of each choice i32 · sections (epoch u64, choices i32)</code>
/// The choices of the first section come first, then those of the second, and so on. The reply's content is outputs [choices, H].
/// </summary>
/// <param name="ChoiceRows">Where the rows of the choices begin; the inputs lie before.</param>
/// <param name="ChoiceExperts">Where the experts of the choices begin.</param>
/// <param name="Sections">Where the sections begin.</param>
/// <param name="Length">Bytes of the content.</param>
/// <param name="ReplyLength">Bytes of the reply's content.</param>
internal readonly record struct RequestLayout(long ChoiceRows, long ChoiceExperts, long Sections, long Length, long ReplyLength)
{
    /// <summary>Bytes of a section.</summary>
    public const int SectionSize = sizeof(ulong) + sizeof(int);

    /// <summary>The most sections of a request: more shards than any node has.</summary>
    public const int MostSections = 1024;

    /// <summary>What each choice takes at most beside an input: its row, its expert, and a section of its own.</summary>
    public const int MostPerChoice = 2 * sizeof(int) + SectionSize;

    /// <summary>The layout of a request with these counts, each of which is at most 2³⁰.</summary>
    public static RequestLayout Of(int rows, int choices, int sections, int hiddenSize, ActivationPrecision precision)
    {
        // Below 2⁶³: no overflow.
        long vector = (long)hiddenSize * precision.Size();
        long choiceRows = rows * vector;
        long choiceExperts = choiceRows + (long)choices * sizeof(int);
        long sectionsAt = choiceExperts + (long)choices * sizeof(int);
        return new RequestLayout(choiceRows, choiceExperts, sectionsAt, sectionsAt + (long)sections * SectionSize, choices * vector);
    }

    /// <summary>The layout that a header announces.</summary>
    /// <exception cref="LinkProtocolException">A count is out of range, the content has another length, or the reply would be too long.</exception>
    public static RequestLayout Of(in FrameHeader header, int maxContentBytes)
    {
        if (header.Rows < 1 || header.Choices < 1 || header.Sections < 1 || header.HiddenSize < 1
            || header.Rows > maxContentBytes || header.Choices > maxContentBytes || header.Sections > MostSections || header.HiddenSize > maxContentBytes)
        {
            throw new LinkProtocolException("a request's counts are out of range");
        }

        RequestLayout layout = Of(header.Rows, header.Choices, header.Sections, header.HiddenSize, header.Precision);
        if (layout.Length != header.ContentLength)
        {
            throw new LinkProtocolException($"a request has {header.ContentLength} bytes, and its counts make {layout.Length}");
        }

        if (layout.ReplyLength > maxContentBytes)
        {
            throw new LinkProtocolException($"a request asks for a reply of {layout.ReplyLength} bytes, and {maxContentBytes} are the most");
        }

        return layout;
    }
}
