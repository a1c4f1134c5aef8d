using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// What a router asks of the shards of one node for one layer, and the answer. Owned by one thread, which uses it again and again: reset, sections
/// with their choices, rows, <see cref="NodeLink.Send"/>, <see cref="Wait"/>, outputs. Allocates only to become larger than ever before.
/// </summary>
/// <remarks>
/// A call is over when the connection has let go of its frame <b>and</b> it was answered or failed, each by whoever removed it from the link's list
/// of calls. The reader does not write into the call's buffer but swaps it for its own. So nothing touches a call that is over.
/// </remarks>
internal sealed class LinkCall : OutgoingFrame
{
    // Most answers come sooner than a thread that sleeps would wake.
    private const int SpinMicroseconds = 40;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0);
    private int[] _choiceRows = [];
    private int[] _choiceExperts = [];
    private ulong[] _epochs = [];
    private int[] _sectionEnds = []; // the choices of a section end where those of the next one begin
    private int _rows;
    private int _choices;
    private int _sections;
    private int _layer;
    private int _hiddenSize;
    private ActivationPrecision _precision;

    private NodeLink? _link; // of the last time it was sent
    private int _awaited; // 2 when it is sent: the release of the frame, and the answer
    private volatile bool _isReleased;
    private volatile bool _isOver = true;
    private bool _sleeps;
    private byte[] _reply = [];
    private int _outputsStart;
    private Exception? _failure;

    /// <summary>Choices so far.</summary>
    public int ChoiceCount => _choices;

    /// <summary>Whether the connection has let go of the frame.</summary>
    internal bool IsReleased => _isReleased;

    /// <summary>Begins another call.</summary>
    /// <param name="layer">0 to layers − 1.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="precision">How rows and outputs travel; both must be representable in it.</param>
    /// <exception cref="InvalidOperationException">The last one is still under way.</exception>
    public void Reset(int layer, int hiddenSize, ActivationPrecision precision)
    {
        if (!_isOver)
        {
            throw new InvalidOperationException("The call is under way: wait for it, or give it up.");
        }

        (_layer, _hiddenSize, _precision) = (layer, hiddenSize, precision);
        _rows = _choices = _sections = 0;
        _failure = null;
        _link = null;
    }

    /// <summary>Begins the choices of a shard.</summary>
    /// <param name="epoch">Names the shard as it was loaded on that node.</param>
    public void AddSection(ulong epoch)
    {
        if (_sections == _epochs.Length)
        {
            int length = Math.Max(4, 2 * _sections);
            Array.Resize(ref _epochs, length);
            Array.Resize(ref _sectionEnds, length);
        }

        _epochs[_sections] = epoch;
        _sectionEnds[_sections++] = _choices;
    }

    /// <summary>Adds a row of inputs.</summary>
    /// <param name="values">[H]; copied.</param>
    /// <returns>Its number, from 0.</returns>
    public int AddRow(ReadOnlySpan<float> values)
    {
        if (values.Length != _hiddenSize)
        {
            throw new ArgumentException($"A row has {_hiddenSize} values, not {values.Length}.", nameof(values));
        }

        int size = _hiddenSize * _precision.Size();
        MakeRoom((_rows + 1L) * size);
        _precision.Encode(values, Buffer.AsSpan(FrameHeader.Size + _rows * size, size));
        return _rows++;
    }

    /// <summary>Adds a choice to the section that was begun last.</summary>
    /// <param name="row">As <see cref="AddRow"/> numbered it, now or later.</param>
    /// <param name="expert">One of the shard's.</param>
    /// <returns>The number of its output, from 0.</returns>
    public int AddChoice(int row, int expert)
    {
        if (_choices == _choiceRows.Length)
        {
            int length = Math.Max(16, 2 * _choices);
            Array.Resize(ref _choiceRows, length);
            Array.Resize(ref _choiceExperts, length);
        }

        _choiceRows[_choices] = row;
        _choiceExperts[_choices] = expert;
        _sectionEnds[_sections - 1] = ++_choices;
        return _choices - 1;
    }

    /// <summary>Blocks until the outputs are there.</summary>
    /// <param name="limit">When it is over, the link is closed: a node that does not answer is broken.</param>
    /// <param name="stopping">Gives the call up; the link stays open.</param>
    /// <exception cref="LinkBrokenException">The link broke, or the time was up.</exception>
    /// <exception cref="ExpertShardException">A shard failed.</exception>
    /// <exception cref="OperationCanceledException">The caller is to stop.</exception>
    public void Wait(TimeSpan limit, CancellationToken stopping)
    {
        if (!IsOverSoon() && !Sleep(limit, stopping))
        {
            if (stopping.IsCancellationRequested)
            {
                GiveUp();
                throw new OperationCanceledException(stopping);
            }

            _link!.Close($"no answer for layer {_layer} came within {limit.TotalSeconds:0.###} s");
            SleepUntilOver();
        }

        if (_failure is not null)
        {
            throw _failure;
        }
    }

    /// <summary>Ends the call if it is under way, whatever comes of it.</summary>
    public void GiveUp()
    {
        if (!_isOver)
        {
            _link!.Abandon(this);
            SleepUntilOver();
        }
    }

    /// <summary>Reads an output, after <see cref="Wait"/>.</summary>
    /// <param name="choice">As <see cref="AddChoice"/> numbered it.</param>
    /// <param name="destination">[H].</param>
    public void CopyOutput(int choice, Span<float> destination)
    {
        if (!_isOver || _failure is not null || _link is null)
        {
            throw new InvalidOperationException("The call has not been answered.");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)choice, (uint)_choices);
        int size = _hiddenSize * _precision.Size();
        _precision.Decode(_reply.AsSpan(_outputsStart + choice * size, size), destination);
    }

    /// <summary>The link takes the call.</summary>
    /// <exception cref="ArgumentException">It asks for nothing, or frame or reply would be too long.</exception>
    internal void Start(NodeLink link, ulong call, int maxContentBytes)
    {
        RequestLayout layout = RequestLayout.Of(_rows, _choices, _sections, _hiddenSize, _precision);
        if (_rows == 0 || _choices == 0 || _sections > RequestLayout.MostSections || Math.Max(layout.Length, layout.ReplyLength) > maxContentBytes)
        {
            throw new ArgumentException(
                $"A call of {_rows} rows, {_choices} choices and {_sections} shards does not go over the link to node {link.Node}: frames are of 1 to {maxContentBytes} bytes there; split it, or raise {LinkOptions.Section}:{nameof(LinkOptions.MaxFrameBytes)} on both nodes.");
        }

        MakeRoom(layout.Length);
        Header = new FrameHeader
        {
            Kind = FrameKind.Request,
            Precision = _precision,
            ContentLength = (int)layout.Length,
            Layer = _layer,
            Call = call,
            Rows = _rows,
            Choices = _choices,
            Sections = _sections,
            HiddenSize = _hiddenSize,
        };
        _link = link;
        _awaited = 2;
        _isReleased = _isOver = false;
    }

    /// <summary>The answer has come; by who removed the call from the link's list.</summary>
    internal void Answer(FrameReader reader)
    {
        _outputsStart = reader.Exchange(ref _reply);
        EndPart();
    }

    /// <summary>No answer will come; by who removed the call from the link's list.</summary>
    internal void Fail(Exception failure)
    {
        _failure = failure;
        EndPart();
    }

    /// <inheritdoc/>
    public override void Release()
    {
        _isReleased = true;
        EndPart();
    }

    /// <inheritdoc/>
    protected override void Encode()
    {
        RequestLayout layout = RequestLayout.Of(_rows, _choices, _sections, _hiddenSize, _precision);
        Span<byte> content = Buffer.AsSpan(FrameHeader.Size);
        MemoryMarshal.AsBytes(_choiceRows.AsSpan(0, _choices)).CopyTo(content[(int)layout.ChoiceRows..]);
        MemoryMarshal.AsBytes(_choiceExperts.AsSpan(0, _choices)).CopyTo(content[(int)layout.ChoiceExperts..]);
        Span<byte> sections = content[(int)layout.Sections..];
        for (int i = 0, first = 0; i < _sections; first = _sectionEnds[i++])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(sections[(i * RequestLayout.SectionSize)..], _epochs[i]);
            BinaryPrimitives.WriteInt32LittleEndian(sections[(i * RequestLayout.SectionSize + sizeof(ulong))..], _sectionEnds[i] - first);
        }
    }

    private void EndPart()
    {
        if (Interlocked.Decrement(ref _awaited) > 0)
        {
            return;
        }

        bool wake;
        lock (_lock)
        {
            (wake, _sleeps) = (_sleeps, false);
            _isOver = true; // Last: from here on the owner may use the call again.
        }

        if (wake)
        {
            _wake.Release();
        }
    }

    private bool IsOverSoon()
    {
        long started = Stopwatch.GetTimestamp();
        while (!_isOver)
        {
            if (Stopwatch.GetElapsedTime(started).TotalMicroseconds > SpinMicroseconds)
            {
                return false;
            }

            Thread.Yield(); // The reader that brings the answer may be waiting for this very core.
        }

        return true;
    }

    // False: the time is up or the caller is to stop. A wake-up that comes too late makes the next sleep look once more, nothing else.
    private bool Sleep(TimeSpan limit, CancellationToken stopping)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            lock (_lock)
            {
                if (_isOver)
                {
                    return true;
                }

                _sleeps = true;
            }

            TimeSpan left = limit - Stopwatch.GetElapsedTime(started);
            left = limit == Timeout.InfiniteTimeSpan ? limit : left > TimeSpan.Zero ? left : TimeSpan.Zero;
            try
            {
                if (!_wake.Wait(left, stopping))
                {
                    return false;
                }
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    // Of a call whose link has let go of it or is closed: it ends by itself.
    private void SleepUntilOver() => Sleep(Timeout.InfiniteTimeSpan, CancellationToken.None);
}
