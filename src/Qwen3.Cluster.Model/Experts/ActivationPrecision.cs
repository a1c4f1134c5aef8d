namespace Qwen3.Cluster.Model.Experts;

/// <summary>
/// How finely the inputs and outputs of experts are kept between router and experts. Chosen once for a model, whether its experts
/// are in this process or in another: only so do both give the same bits. The numbers are those of the wire.
/// </summary>
public enum ActivationPrecision
{
    /// <summary>As they are computed.</summary>
    Float32 = 0,

    /// <summary>Rounded to the nearest bfloat16, ties to even: half the bytes.</summary>
    BFloat16 = 1,
}
