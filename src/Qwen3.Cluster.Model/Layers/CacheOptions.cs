using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>How much a model's cache holds.</summary>
/// <param name="PageSize">Positions that a page holds; 1 or more. Prefixes are shared by whole pages.</param>
/// <param name="PageCount">Pages in all; 1 or more. PageSize · PageCount positions fit, over all sequences.</param>
/// <param name="Format">How its numbers are kept.</param>
public readonly record struct CacheOptions(int PageSize, int PageCount, CacheFormat Format = CacheFormat.F32);
