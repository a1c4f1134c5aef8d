namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Works that a team does side by side, as if they were one: cut into parts, large ones first, because a long read is a fast one, and ever smaller ones,
/// so that at the end no member waits long for another.
/// Used again and again; allocates only to become longer than ever before.
/// </summary>
/// <typeparam name="TWork">Takes parts that begin at multiples of 16.</typeparam>
internal sealed class WorkList<TWork>
    where TWork : struct, IParallelWork
{
    // Multiplications that are not worth waking the team.
    private const long LeastSharedCost = 64 * 1024;

    // A part of a matrix that is read once should be long enough for the memory to find its pace: 144 KiB at four bits.
    private const long LeastPartCost = 256 * 1024;

    // Rows of the largest tile: a part that is no multiple would compute some for nothing.
    private const int ItemsOfPart = 32;

    // A part is at most this share of what is left for each member: large ones first, small ones at the end.
    private const int SharesOfMember = 2;

    private TWork[] _works = [];
    private (int Items, long CostOfItem)[] _sizes = [];
    private Part[] _parts = [];
    private int _workCount;
    private int _partCount;
    private long _cost;

    /// <summary>Adds a work.</summary>
    /// <param name="work">The work.</param>
    /// <param name="items">Its items.</param>
    /// <param name="costOfItem">Multiplications of an item; 0 where there is nothing to do for it.</param>
    public void Add(in TWork work, int items, long costOfItem)
    {
        if (costOfItem == 0)
        {
            return;
        }

        if (_workCount == _works.Length)
        {
            int length = Math.Max(8, 2 * _works.Length);
            Array.Resize(ref _works, length);
            Array.Resize(ref _sizes, length);
        }

        _works[_workCount] = work;
        _sizes[_workCount++] = (items, costOfItem);
        _cost += items * costOfItem;
    }

    /// <summary>Does all of them, and forgets them.</summary>
    public void Run(ComputeTeam team)
    {
        bool isShared = team.Size > 1 && _cost >= LeastSharedCost;
        _partCount = 0;
        for (int work = 0; work < _workCount; work++)
        {
            Cut(work, isShared ? team.Size : 0);
        }

        PartWork parts = new() { Works = _works, Parts = _parts };
        team.Run(ref parts, _partCount, isShared ? 1 : Math.Max(1, _partCount));
        Array.Clear(_works, 0, _workCount);
        (_workCount, _cost) = (0, 0);
    }

    // No members: not at all.
    private void Cut(int work, int members)
    {
        (int items, long costOfItem) = _sizes[work];
        for (int first = 0, end; first < items; first = end)
        {
            int count = items;
            if (members > 0)
            {
                long costOfPart = Math.Max(LeastPartCost, _cost / (SharesOfMember * members));
                count = (int)Math.Min(items, Math.Max(1, costOfPart / (ItemsOfPart * costOfItem)) * ItemsOfPart);
            }

            end = Math.Min(items, first + count);
            _cost -= (end - first) * costOfItem;
            if (_partCount == _parts.Length)
            {
                Array.Resize(ref _parts, Math.Max(64, 2 * _parts.Length));
            }

            _parts[_partCount++] = new Part(work, first, end);
        }
    }

    private readonly record struct Part(int Work, int First, int End);

    private struct PartWork : IParallelWork
    {
        public TWork[] Works;
        public Part[] Parts;

        public readonly void Run(int worker, int first, int end)
        {
            for (int i = first; i < end; i++)
            {
                Part part = Parts[i];
                Works[part.Work].Run(worker, part.First, part.End);
            }
        }
    }
}
