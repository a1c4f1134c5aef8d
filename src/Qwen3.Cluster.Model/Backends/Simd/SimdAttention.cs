using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Attention of a step's rows to the cache, by a team of threads.</summary>
/// <param name="team">The threads.</param>
/// <param name="width">Their registers.</param>
internal sealed unsafe class SimdAttention(ComputeTeam team, LaneWidth width) : IDisposable
{
    private readonly AttentionPlan _plan = new();
    private readonly AlignedBuffer _parts = new();
    private readonly AlignedBuffer[] _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new AlignedBuffer())];

    /// <summary>output [T, Q] = what queries [T, Q] find in the cache, each row up to its own position.</summary>
    public void Attend(SimdActivation queries, StepBatch batch, SimdKvCache cache, int layer, SimdActivation output)
    {
        int keyValueHeads = cache.Shape.KeyValueHeadCount;
        int group = queries.Columns / cache.Shape.HeadDim / keyValueHeads;
        _plan.Make(batch.Slices, keyValueHeads, group, team.Size);
        _parts.EnsureRoom((long)_plan.PartCount * AttentionPart.LengthFor(cache.ValueStride));
        foreach (AlignedBuffer scratch in _scratch)
        {
            scratch.EnsureRoom(AttentionWork.ScratchLength(cache, group, AttentionPlan.MostRows));
        }

        AttentionWork work = new()
        {
            Batch = batch,
            Items = _plan.Items,
            Queries = queries,
            Output = output,
            Cache = cache,
            Layer = layer,
            Width = width,
            Scratch = _scratch,
            Parts = _parts.Data,
        };
        team.Run(ref work, _plan.Items.Count, 1);
        if (_plan.Merges.Count > 0)
        {
            AttentionMergeWork merge = new() { Merges = _plan.Merges, Output = output, Cache = cache, Scratch = _scratch, Parts = _parts.Data };
            team.Run(ref merge, _plan.Merges.Count, 1);
        }

        output.Changed();
    }

    public void Dispose()
    {
        _parts.Dispose();
        foreach (AlignedBuffer scratch in _scratch)
        {
            scratch.Dispose();
        }
    }
}
