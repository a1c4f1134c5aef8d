namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// output [T, N] = (or +=) input [T, K] · weightᵀ. Work for a team: each part is a range of the N rows of the weight.
/// Rows of the input are padded with zeros to a multiple of 16.
/// </summary>
internal unsafe struct MatrixProduct : IParallelWork
{
    // Tokens whose inputs stay in the second-level cache while the weights pass by.
    private const int InputBytesAtOnce = 256 * 1024;

    public SimdWeight Weight;
    public float* Input;
    public nint InputStride;
    public RowMap InputRows;
    public int TokenCount;
    public float* Output;
    public nint OutputStride;
    public RowMap OutputRows;
    public bool Add;
    public LaneWidth Width;

    public readonly void Run(int worker, int first, int end)
    {
        switch (Width, Weight.IsBFloat16)
        {
            case (LaneWidth.Bits512, false): RunWide<float>(first, end); break;
            case (LaneWidth.Bits512, true): RunWide<ushort>(first, end); break;
            case (LaneWidth.Bits256, false): RunNarrow<Lanes256, float>(first, end); break;
            case (LaneWidth.Bits256, true): RunNarrow<Lanes256, ushort>(first, end); break;
            case (_, false): RunNarrow<Lanes128, float>(first, end); break;
            case (_, true): RunNarrow<Lanes128, ushort>(first, end); break;
        }
    }

    private readonly void RunWide<TWeight>(int first, int end)
        where TWeight : unmanaged
    {
        float* dots = stackalloc float[16];
        nint length = Weight.PaddedColumns;
        foreach ((int firstToken, int endToken) in new TokenBlocks(TokenCount, InputStride))
        {
            for (int row = first; row < end; row += 4)
            {
                // A tile that sticks out at the end repeats the last row or token; what it gives twice is stored once.
                int last = end - 1;
                TWeight* w0 = Weight.Row<TWeight>(row);
                TWeight* w1 = Weight.Row<TWeight>(Math.Min(row + 1, last));
                TWeight* w2 = Weight.Row<TWeight>(Math.Min(row + 2, last));
                TWeight* w3 = Weight.Row<TWeight>(Math.Min(row + 3, last));
                for (int token = firstToken; token < endToken; token += 4)
                {
                    float* x0 = InputOf(token);
                    if (token + 1 == endToken)
                    {
                        DotTiles<Lanes512, TWeight>.OneByFour(x0, w0, w1, w2, w3, length, dots);
                    }
                    else
                    {
                        float* x1 = InputOf(token + 1);
                        float* x2 = InputOf(Math.Min(token + 2, endToken - 1));
                        float* x3 = InputOf(Math.Min(token + 3, endToken - 1));
                        DotTiles<Lanes512, TWeight>.FourByFour(x0, x1, x2, x3, w0, w1, w2, w3, length, dots);
                    }

                    Store(dots, 4, row, Math.Min(4, end - row), token, Math.Min(4, endToken - token));
                }
            }
        }
    }

    private readonly void RunNarrow<TLanes, TWeight>(int first, int end)
        where TLanes : struct, ILanes<TLanes>
        where TWeight : unmanaged
    {
        float* dots = stackalloc float[4];
        nint length = Weight.PaddedColumns;
        foreach ((int firstToken, int endToken) in new TokenBlocks(TokenCount, InputStride))
        {
            for (int row = first; row < end; row += 4)
            {
                int last = end - 1;
                TWeight* w0 = Weight.Row<TWeight>(row);
                TWeight* w1 = Weight.Row<TWeight>(Math.Min(row + 1, last));
                TWeight* w2 = Weight.Row<TWeight>(Math.Min(row + 2, last));
                TWeight* w3 = Weight.Row<TWeight>(Math.Min(row + 3, last));
                for (int token = firstToken; token < endToken; token += 2)
                {
                    float* x0 = InputOf(token);
                    if (token + 1 == endToken)
                    {
                        DotTiles<TLanes, TWeight>.OneByFour(x0, w0, w1, w2, w3, length, dots);
                        Store(dots, 4, row, Math.Min(4, end - row), token, 1);
                    }
                    else
                    {
                        DotTiles<TLanes, TWeight>.TwoByTwo(x0, InputOf(token + 1), w0, w1, length, dots);
                        Store(dots, 2, row, Math.Min(2, end - row), token, 2);
                        if (row + 2 < end)
                        {
                            DotTiles<TLanes, TWeight>.TwoByTwo(x0, InputOf(token + 1), w2, w3, length, dots);
                            Store(dots, 2, row + 2, Math.Min(2, end - row - 2), token, 2);
                        }
                    }
                }
            }
        }
    }

    private readonly float* InputOf(int token) => Input + (InputRows[token] * InputStride);

    private readonly void Store(float* dots, int stride, int row, int rows, int token, int tokens)
    {
        for (int t = 0; t < tokens; t++)
        {
            float* output = Output + (OutputRows[token + t] * OutputStride) + row;
            for (int r = 0; r < rows; r++)
            {
                output[r] = Add ? output[r] + dots[(t * stride) + r] : dots[(t * stride) + r];
            }
        }
    }

    // Cuts the tokens into blocks of a multiple of four, without allocating.
    private struct TokenBlocks(int tokenCount, nint stride)
    {
        private readonly int _size = (int)Math.Max(4, InputBytesAtOnce / (stride * sizeof(float)) / 4 * 4);
        private int _first;

        public (int First, int End) Current { get; private set; }

        public readonly TokenBlocks GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_first >= tokenCount)
            {
                return false;
            }

            Current = (_first, Math.Min(_first + _size, tokenCount));
            _first = Current.End;
            return true;
        }
    }
}
