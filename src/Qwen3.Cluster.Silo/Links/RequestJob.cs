using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// A request on the answering side: from its content over the work of the shards to the frame of its reply. Used again and again; allocates only to
/// become larger than ever before.
/// </summary>
/// <param name="link">The link that it came by.</param>
internal sealed class RequestJob(AnsweringLink link) : OutgoingFrame
{
    /// <summary>The longest message of a failure.</summary>
    public const int MostFailureBytes = 1024;

    private readonly List<SectionWork> _works = [];
    private float[] _inputs = []; // [rows, H]
    private float[] _outputs = []; // [choices, H]
    private int[] _choiceRows = [];
    private int[] _choiceExperts = [];
    private FrameHeader _request;
    private int _openSections;
    private Exception? _failure;

    /// <summary>Takes a request over, so that its content is no longer needed.</summary>
    /// <exception cref="LinkProtocolException">The request is malformed, or names a shard that is not here.</exception>
    public void Read(in FrameHeader request, ReadOnlySpan<byte> content, int maxContentBytes, IShardDirectory shards)
    {
        // 1. Only what adds up exactly is looked at.
        RequestLayout layout = RequestLayout.Of(request, maxContentBytes);
        (_request, _failure) = (request, null);
        Grow(ref _inputs, request.Rows * request.HiddenSize);
        Grow(ref _outputs, request.Choices * request.HiddenSize);
        Grow(ref _choiceRows, request.Choices);
        Grow(ref _choiceExperts, request.Choices);

        // 2. The choices.
        Span<int> rows = _choiceRows.AsSpan(0, request.Choices);
        MemoryMarshal.Cast<byte, int>(content[(int)layout.ChoiceRows..(int)layout.ChoiceExperts]).CopyTo(rows);
        MemoryMarshal.Cast<byte, int>(content[(int)layout.ChoiceExperts..(int)layout.Sections]).CopyTo(_choiceExperts);
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)request.Rows)
            {
                throw new LinkProtocolException($"a request names row {row} of {request.Rows}");
            }
        }

        // 3. A piece of work for each shard.
        int first = 0;
        for (int i = 0; i < request.Sections; i++)
        {
            ReadOnlySpan<byte> section = content[((int)layout.Sections + i * RequestLayout.SectionSize)..];
            first += ReadSection(i, first, BinaryPrimitives.ReadUInt64LittleEndian(section), BinaryPrimitives.ReadInt32LittleEndian(section[sizeof(ulong)..]), shards);
        }

        if (first != request.Choices)
        {
            throw new LinkProtocolException($"the sections of a request have {first} choices, and the request has {request.Choices}");
        }

        // 4. The rows, once for all shards.
        request.Precision.Decode(content[..(int)layout.ChoiceRows], _inputs.AsSpan(0, request.Rows * request.HiddenSize));
    }

    /// <summary>
    /// Hands the work to the shards; the reply is sent when the last one has ended. Those that are free are computed right here, on the link's
    /// reader: it has nothing better to do, and a hop to another thread costs more than a frame's way over the socket.
    /// </summary>
    public void Start()
    {
        _openSections = _request.Sections;
        for (int i = 0; i < _request.Sections; i++)
        {
            _works[i].Shard!.Start(_works[i]);
        }
    }

    /// <summary>A shard has ended its work; on its compute thread.</summary>
    /// <param name="error">Null: the outputs are there.</param>
    public void EndSection(Exception? error)
    {
        if (error is not null)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
        }

        if (Interlocked.Decrement(ref _openSections) == 0)
        {
            Reply();
        }
    }

    /// <inheritdoc/>
    public override void Release() => link.Return(this);

    /// <inheritdoc/>
    protected override void Encode()
    {
        if (Header.Kind == FrameKind.Reply)
        {
            Header.Precision.Encode(
                _outputs.AsSpan(0, Header.Choices * Header.HiddenSize), Buffer.AsSpan(FrameHeader.Size, Header.ContentLength));
        }
    }

    // How many choices it has.
    private int ReadSection(int index, int first, ulong epoch, int choices, IShardDirectory shards)
    {
        if (choices < 1 || choices > _request.Choices - first)
        {
            throw new LinkProtocolException($"a section of a request has {choices} choices, and {_request.Choices - first} are left");
        }

        IShardExecutor shard = shards.Find(epoch) ?? throw new LinkProtocolException($"a request is for the shard of epoch {epoch}, which is not here");
        if (shard.HiddenSize != _request.HiddenSize)
        {
            throw new LinkProtocolException(
                $"a request has rows of {_request.HiddenSize} values, and the shard of epoch {epoch} takes {shard.HiddenSize}; router and shard have different checkpoints");
        }

        if (index == _works.Count)
        {
            _works.Add(new SectionWork(this));
        }

        SectionWork work = _works[index];
        work.Shard = shard;
        work.Layer = _request.Layer;
        work.Inputs = _inputs.AsMemory(0, _request.Rows * _request.HiddenSize);
        work.Rows = _choiceRows.AsMemory(first, choices);
        work.ExpertIds = _choiceExperts.AsMemory(first, choices);
        work.Outputs = _outputs.AsMemory(first * _request.HiddenSize, choices * _request.HiddenSize);
        return choices;
    }

    private void Reply()
    {
        int length = _request.Choices * _request.HiddenSize * _request.Precision.Size();
        if (_failure is not null)
        {
            MakeRoom(MostFailureBytes);
            // What does not fit is cut at a character's end.
            Utf8.FromUtf16(_failure.Message, Buffer.AsSpan(FrameHeader.Size, MostFailureBytes), out _, out length);
        }

        MakeRoom(length);
        Header = _request with
        {
            Kind = _failure is null ? FrameKind.Reply : FrameKind.Failure,
            ContentLength = length,
            Rows = 0,
            Sections = 0,
        };
        link.Send(this);
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = GC.AllocateUninitializedArray<T>((int)Math.Max(length, Math.Min(2L * array.Length, Array.MaxLength)));
        }
    }
}
