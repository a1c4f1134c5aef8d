using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>
/// The product of groups of rows, each with a matrix of its own: all experts of a layer in one call. TorchSharp has no binding for libtorch's
/// <c>_grouped_mm</c>, but its TorchScript compiler knows it, and gradients pass through.
/// </summary>
internal sealed class GroupedProduct : IDisposable
{
    private readonly jit.CompilationUnit _script = jit.compile(
        """
        def product(rows, matrices, ends):
            return torch._grouped_mm(rows, matrices, ends)

        """.ReplaceLineEndings("\n"));

    /// <summary>The rows of group g times matrices[g].</summary>
    /// <param name="rows">[N, K], the groups one after the other.</param>
    /// <param name="matrices">[groups, K, M].</param>
    /// <param name="ends">int32 [groups]: the row at which each group ends.</param>
    /// <returns>[N, M].</returns>
    public Tensor Compute(Tensor rows, Tensor matrices, Tensor ends) => (Tensor)_script.invoke("product", rows, matrices, ends)!;

    /// <inheritdoc/>
    public void Dispose() => _script.Dispose();
}
