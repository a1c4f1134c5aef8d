using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Experts;

/// <summary>
/// Which experts each layer of a model has, and which rows and columns of which tensors they are.
/// A sparse layer has the experts of the checkpoint. A dense one is cut along its intermediate size into slices, each an expert that
/// every token chooses with weight 1; the number of slices is fixed for a model, because the sum's last bits depend on it.
/// </summary>
public sealed class ExpertLayout
{
    /// <summary>How many slices a dense feed-forward block has unless asked otherwise.</summary>
    public const int DefaultDenseSlices = 4;

    // Slices begin at multiples of the first where the block is wide enough, so that those of packed weights begin where a superblock does;
    // else of the second, one vector of the widest machine.
    private const int WideAlignment = PackedLayout.SuperblockColumns;
    private const int SliceAlignment = 16;

    private readonly ModelConfig _config;
    private readonly int _denseSlices;

    private ExpertLayout(ModelConfig config, int denseSlices)
    {
        _config = config;
        _denseSlices = denseSlices;
        IEnumerable<int> layers = Enumerable.Range(0, config.LayerCount);
        ExpertCount = layers.Max(ExpertCountOf);
        MaxChoices = layers.Max(layer => IsSparse(layer) ? config.ExpertsPerToken : denseSlices);
    }

    /// <summary>Layers of the model.</summary>
    public int LayerCount => _config.LayerCount;

    /// <summary>Expert ids of the model are 0 to ExpertCount − 1; a layer may have fewer, see <see cref="ExpertCountOf"/>.</summary>
    public int ExpertCount { get; }

    /// <summary>Most experts that a token can choose in any layer.</summary>
    public int MaxChoices { get; }

    /// <summary>H, the length of an expert's input and output.</summary>
    public int HiddenSize => _config.HiddenSize;

    /// <summary>The layout of a model.</summary>
    /// <param name="config">Its geometry.</param>
    /// <param name="denseSlices">Slices of a dense block, 1 to its intermediate size; a narrower block has as many slices as it is wide.</param>
    public static ExpertLayout For(ModelConfig config, int denseSlices = DefaultDenseSlices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(denseSlices, 1);
        return new ExpertLayout(config, Math.Min(denseSlices, config.IntermediateSize));
    }

    /// <summary>Whether a router chooses among the experts of a layer; else every token uses them all.</summary>
    public bool IsSparse(int layer) => _config.IsSparse(layer);

    /// <summary>Experts of a layer; their ids are 0 to this − 1.</summary>
    public int ExpertCountOf(int layer) => IsSparse(layer) ? _config.ExpertCount : _denseSlices;

    /// <summary>Numbers in the weights of one expert.</summary>
    public long ParametersOf(int layer, int expert) =>
        3L * _config.HiddenSize * (IsSparse(layer) ? _config.MoeIntermediateSize : SliceStart(expert + 1) - SliceStart(expert));

    /// <summary>A tensor of one expert: what its weights are stored as.</summary>
    public string TensorOf(int layer, int expert) =>
        IsSparse(layer) ? $"model.layers.{layer}.mlp.experts.{expert}.gate_proj.weight" : $"model.layers.{layer}.mlp.gate_proj.weight";

    /// <summary>Gives the weights of one expert to a back-end. Touches no other expert's bytes.</summary>
    public ExpertWeights Load(Checkpoint checkpoint, IBackend backend, int layer, int expert)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(expert, ExpertCountOf(layer));
        int hidden = _config.HiddenSize;
        if (IsSparse(layer))
        {
            string prefix = $"model.layers.{layer}.mlp.experts.{expert}.";
            int width = _config.MoeIntermediateSize;
            return new ExpertWeights(
                backend.LoadWeight(checkpoint.Get(prefix + "gate_proj.weight", width, hidden)),
                backend.LoadWeight(checkpoint.Get(prefix + "up_proj.weight", width, hidden)),
                backend.LoadWeight(checkpoint.Get(prefix + "down_proj.weight", hidden, width)));
        }
        else
        {
            string prefix = $"model.layers.{layer}.mlp.";
            int width = _config.IntermediateSize;
            int first = SliceStart(expert);
            int count = SliceStart(expert + 1) - first;
            return new ExpertWeights(
                backend.LoadWeight(checkpoint.Get(prefix + "gate_proj.weight", width, hidden).SliceRows(first, count)),
                backend.LoadWeight(checkpoint.Get(prefix + "up_proj.weight", width, hidden).SliceRows(first, count)),
                backend.LoadWeight(checkpoint.Get(prefix + "down_proj.weight", hidden, width).SliceColumns(first, count)));
        }
    }

    private int SliceStart(int slice)
    {
        int width = _config.IntermediateSize;
        int unit = width >= WideAlignment * _denseSlices ? WideAlignment : width >= SliceAlignment * _denseSlices ? SliceAlignment : 1;
        return slice == _denseSlices ? width : (int)((long)(width / unit) * slice / _denseSlices) * unit;
    }
}
