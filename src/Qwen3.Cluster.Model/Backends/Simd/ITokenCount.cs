namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>How many tokens a kernel computes at once, known when it is compiled.</summary>
internal interface ITokenCount
{
    /// <summary>The number.</summary>
    static abstract int Value { get; }

    internal readonly struct Two : ITokenCount
    {
        public static int Value => 2;
    }

    internal readonly struct Three : ITokenCount
    {
        public static int Value => 3;
    }

    internal readonly struct Four : ITokenCount
    {
        public static int Value => 4;
    }
}
