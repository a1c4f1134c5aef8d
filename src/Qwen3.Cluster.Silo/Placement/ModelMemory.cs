using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>What the parts of a model take once they are loaded, reckoned from its files' headers.</summary>
internal sealed class ModelMemory
{
    private readonly ModelFiles _files;
    private readonly IBackendFactory _backend;

    /// <summary>Reckons for a model.</summary>
    /// <param name="files">The model.</param>
    /// <param name="backend">What computes it.</param>
    public ModelMemory(ModelFiles files, IBackendFactory backend) => (_files, _backend) = (files, backend);

    /// <summary>Bytes of some experts' weights.</summary>
    public long OfExperts(IEnumerable<LayerExpert> experts) => (long)experts.Sum(id =>
        _files.Layout.ParametersOf(id.Layer, id.Expert)
        * _backend.BytesOf(_files.Checkpoint.Tensors[_files.Layout.TensorOf(id.Layer, id.Expert)].Type));

    /// <summary>Bytes of a trunk's weights.</summary>
    public long OfTrunk
    {
        get
        {
            HashSet<string> used = [.. TensorCatalog.Expected(_files.Checkpoint.Config).Select(tensor => tensor.Name)];
            return (long)_files.Checkpoint.Tensors.Values
                .Where(tensor => used.Contains(tensor.Name) && !IsOfExperts(tensor.Name))
                .Sum(tensor => tensor.ElementCount * _backend.BytesOf(tensor.Type));
        }
    }

    /// <summary>Bytes of a router's cache of keys and values.</summary>
    public long OfCache => CacheOf(_files.Checkpoint.Config);

    /// <summary>Bytes of the model that guesses next tokens, with its cache; 0 where there is none.</summary>
    public long OfDraftModel => _files.DraftCheckpoint is not { } draft ? 0
        : (long)draft.Tensors.Values.Sum(tensor => tensor.ElementCount * _backend.BytesOf(tensor.Type)) + CacheOf(draft.Config);

    private long CacheOf(ModelConfig config) =>
        new KvCacheShape(
            config.LayerCount, _files.PageCount, _files.Options.PageSize, config.KeyValueHeadCount, config.HeadDim, _files.Options.Cache).ByteCount;

    // The gate is the trunk's; everything else below mlp is an expert or a slice of one.
    private static bool IsOfExperts(string tensor) =>
        tensor.Contains(".mlp.", StringComparison.Ordinal) && !tensor.EndsWith(".mlp.gate.weight", StringComparison.Ordinal);
}
