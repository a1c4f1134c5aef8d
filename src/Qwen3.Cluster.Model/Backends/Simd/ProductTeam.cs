namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Makes products with weights of either kind, and does them with a team of threads.</summary>
internal sealed unsafe class ProductTeam : IDisposable
{
    private readonly LaneWidth _width;
    private readonly ByteDots _dots;
    private readonly AlignedBuffer[] _panels;
    private readonly WorkList<WeightProduct> _products = new();

    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="width">Registers for plain weights.</param>
    /// <param name="dots">Instructions for packed ones.</param>
    public ProductTeam(int threads, LaneWidth width, ByteDots dots)
    {
        Team = new ComputeTeam(threads);
        _width = width;
        _dots = dots;
        _panels = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer())];
    }

    /// <summary>The threads.</summary>
    public ComputeTeam Team { get; }

    /// <summary>What a row of a weight of so many columns costs, in multiplications: more than four tokens are computed four by four.</summary>
    public static long CostOfRow(int columns, int tokens) => (tokens <= 4 ? tokens : (tokens + 3L) & ~3L) * columns;

    /// <summary>A product, to be done until the next one is made with more tokens.</summary>
    public WeightProduct Of(Weight weight, ProductInput input, int tokens, ProductOutput output)
    {
        if (weight is not PackedWeight packed)
        {
            return new WeightProduct(new MatrixProduct
            {
                Weight = (SimdWeight)weight,
                Input = input.Data,
                InputStride = input.Stride,
                InputRows = input.Rows,
                TokenCount = tokens,
                Output = output.Data,
                OutputStride = output.Stride,
                OutputRows = output.Rows,
                Add = output.Add,
                Width = _width,
            });
        }

        if (tokens > PackedProduct.MostFewTokens)
        {
            foreach (AlignedBuffer panel in _panels)
            {
                panel.EnsureRoom(PackedProduct.ScratchLength(tokens));
            }
        }

        return new WeightProduct(new PackedProduct
        {
            Weight = packed,
            Input = input.Quantized!,
            InputRows = input.Rows,
            TokenCount = tokens,
            Output = output.Data,
            OutputStride = output.Stride,
            OutputRows = output.Rows,
            Add = output.Add,
            Dots = _dots,
            Scratch = _panels,
        });
    }

    /// <summary>Adds a product to those that <see cref="RunAll"/> does.</summary>
    public void Add(Weight weight, ProductInput input, int tokens, ProductOutput output) =>
        _products.Add(Of(weight, input, tokens, output), weight.Rows, CostOfRow(weight.Columns, tokens));

    /// <summary>Does what was added, in one go.</summary>
    public void RunAll() => _products.Run(Team);

    /// <summary>Does one product.</summary>
    public void Run(Weight weight, ProductInput input, int tokens, ProductOutput output)
    {
        Add(weight, input, tokens, output);
        RunAll();
    }

    /// <summary>Ends the threads and frees the buffers.</summary>
    public void Dispose()
    {
        Team.Dispose();
        foreach (AlignedBuffer panel in _panels)
        {
            panel.Dispose();
        }
    }
}
