namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Compares the tensors that are there with those that the config calls for. Reads no data.</summary>
/// <param name="config">What the model is.</param>
/// <param name="tensors">All that are there.</param>
/// <param name="directory">For messages.</param>
/// <param name="caller">Who calls for tensors, for messages: <c>config.json calls</c>.</param>
/// <param name="problems">Receives what is wrong.</param>
internal sealed class TensorCheck(ModelConfig config, IReadOnlyDictionary<string, TensorInfo> tensors, string directory, string caller, List<string> problems)
{
    private const int MostListed = 20;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private int _listed;
    private int _unlisted;

    /// <param name="complete">false when a file could not be read: then absent tensors are no news.</param>
    public void Run(bool complete)
    {
        ExpectedTensor? firstMissing = null;
        int missing = 0;
        foreach (ExpectedTensor expected in TensorCatalog.Expected(config))
        {
            _known.Add(expected.Name);
            if (tensors.TryGetValue(expected.Name, out TensorInfo? tensor))
            {
                CheckOne(tensor, expected.Shape);
            }
            else if (complete)
            {
                firstMissing ??= expected;
                // A config may claim more tensors than could ever be listed: the first thousand say enough.
                if (++missing == 1000)
                {
                    break;
                }
            }
        }

        if (firstMissing is not null)
        {
            string others = missing == 1 ? "" : missing < 1000 ? $" (and {missing - 1} more tensors)" : " (and a thousand more tensors)";
            problems.Add($"{directory}: tensor \"{firstMissing.Name}\" {TensorInfo.FormatShape(firstMissing.Shape)}{others} is in none of the model's files, "
                + $"but {caller} for it: the download is incomplete, or the config belongs to another model.");
        }

        CheckUnknown(reachedTheEnd: missing < 1000);
        if (_unlisted > 0)
        {
            problems.Add($"{directory}: {_unlisted} more tensors do not match config.json.");
        }
    }

    private void CheckOne(TensorInfo tensor, int[] shape)
    {
        if (!tensor.Shape.SequenceEqual(shape))
        {
            Add(tensor, $"has the shape {tensor.ShapeText}, but {caller} for {TensorInfo.FormatShape(shape)}: the config belongs to another model");
        }

        bool scaled = tensors.TryGetValue(tensor.Name + TensorCatalog.ScaleSuffix, out TensorInfo? scales);
        if (!tensor.Type.IsWeight())
        {
            Add(tensor, $"has the dtype {tensor.Type.FormatName()}, but weights in F32, F16, BF16 or F8_E4M3 are expected");
        }
        else if (tensor.Type == TensorType.F8E4M3)
        {
            CheckScales(tensor, shape, scales);
        }
        else if (scaled)
        {
            Add(tensor, $"is {tensor.Type.FormatName()}, but has block scales ({TensorCatalog.ScaleSuffix}), which belong to F8_E4M3: its values are ambiguous");
        }

        if (scaled)
        {
            _known.Add(scales!.Name);
        }
    }

    private void CheckScales(TensorInfo tensor, int[] shape, TensorInfo? scales)
    {
        if (config.Fp8BlockSize is not BlockSize block || shape.Length != 2)
        {
            Add(tensor, "is F8_E4M3, but only matrices can be, and config.json must have a quantization_config with weight_block_size");
            return;
        }

        int[] grid = block.Grid(shape);
        if (scales is null)
        {
            Add(tensor, $"is F8_E4M3, but its scales \"{tensor.Name}{TensorCatalog.ScaleSuffix}\" {TensorInfo.FormatShape(grid)} are missing: the download is incomplete");
        }
        else if (!block.Fits(shape, scales))
        {
            Add(scales, $"is {scales.Type.FormatName()} {scales.ShapeText}, but BF16, F16 or F32 {TensorInfo.FormatShape(grid)} is expected: "
                + $"one scale for each block of {block.Rows}×{block.Columns}");
        }
    }

    private void CheckUnknown(bool reachedTheEnd)
    {
        if (!reachedTheEnd)
        {
            return;
        }

        foreach (TensorInfo tensor in tensors.Values)
        {
            if (!_known.Contains(tensor.Name) && !TensorCatalog.IsRedundant(tensor.Name, config))
            {
                Add(tensor, $"is none that {caller} for, and leaving it out would run another model than the one that was trained");
            }
        }
    }

    private void Add(TensorInfo tensor, string what)
    {
        if (_listed == MostListed)
        {
            _unlisted++;
            return;
        }

        _listed++;
        problems.Add($"{tensor.File}: tensor \"{tensor.Name}\" {what}.");
    }
}
