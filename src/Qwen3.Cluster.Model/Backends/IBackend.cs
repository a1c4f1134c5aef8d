using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>
/// The arithmetic of the model, at the grain of a fused step, on one device. Activations are float32; a weight may be narrower.
/// Owned by one compute thread; not safe for two at once.
/// </summary>
/// <remarks>
/// A back-end makes its own <see cref="Weight"/>, <see cref="Activation"/> and <see cref="KvCache"/> and takes back only those.
/// Shapes: T rows of the batch, H hidden size, N output features, D head_dim, Q = heads · D, KV = key-value heads · D, E experts, V vocabulary.
/// Row t of any output depends on row t of the inputs alone (and on the cache), so that its bits do not depend on the batch:
/// <see cref="SimdBackend"/> and <see cref="ReferenceBackend"/> keep that to the bit.
/// An output has been given its rows (<see cref="Activation.Resize"/>) before it is passed.
/// </remarks>
public interface IBackend : IDisposable
{
    /// <summary>As the user names it: <c>reference</c>, <c>simd</c>, <c>torch</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Takes a matrix [N, K] or a vector [N] of a checkpoint; mapped memory is used in place where the back-end can.
    /// This one may be called from any thread, also while the owner's computes: an expert is read while others answer.
    /// </summary>
    Weight LoadWeight(TensorView tensor);

    /// <summary>Makes an activation of no rows yet.</summary>
    /// <param name="columns">Length of its rows.</param>
    Activation CreateActivation(int columns);

    /// <summary>Makes the paged cache of all layers, empty.</summary>
    KvCache CreateKvCache(KvCacheShape shape);

    /// <summary>hidden [T, H] = table[ids].</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not a row of the table.</exception>
    void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden);

    /// <summary>output [T, H] = RMS norm of input [T, H], times weight [H].</summary>
    void Normalize(Activation input, Weight weight, float epsilon, Activation output);

    /// <summary>output [T, N] = input [T, K] · weightᵀ.</summary>
    void Project(Activation input, Weight weight, Activation output);

    /// <summary>output [T, N] += input [T, K] · weightᵀ: a projection that ends in the residual stream.</summary>
    void ProjectAndAdd(Activation input, Weight weight, Activation output);

    /// <summary>
    /// For each head: RMS norm and rotary embedding of queries [T, Q] in place, and of keys [T, KV], which go to the cache with values [T, KV].
    /// </summary>
    /// <param name="queries">Changed in place.</param>
    /// <param name="keys">May be changed in place.</param>
    /// <param name="values">Stored as they are.</param>
    /// <param name="weights">For its <see cref="AttentionWeights.QueryNorm"/> and <see cref="AttentionWeights.KeyNorm"/> [D].</param>
    /// <param name="epsilon">Of the RMS norm.</param>
    /// <param name="rotary">Cosines and sines of the batch's rows.</param>
    /// <param name="batch">Says where each row goes.</param>
    /// <param name="cache">Receives keys and values.</param>
    /// <param name="layer">The layer of the cache.</param>
    void RotateAndStore(
        Activation queries,
        Activation keys,
        Activation values,
        AttentionWeights weights,
        float epsilon,
        RotaryTable rotary,
        StepBatch batch,
        KvCache cache,
        int layer);

    /// <summary>
    /// output [T, Q] = softmax(q · kᵀ / √D) · v of each row over its own sequence's cache up to its own position, by the page tables of the batch.
    /// Query head a reads key-value head a / (heads / key-value heads).
    /// </summary>
    void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output);

    /// <summary>
    /// Softmax of hidden [T, H] · gateᵀ over all E experts; then, row by row, the choices of <paramref name="routed"/>
    /// by <see cref="RoutedTokens.ChooseTop"/>, within the expert limit of the row's slice.
    /// </summary>
    /// <param name="hidden">The normalised hidden states.</param>
    /// <param name="gate">The router's weight [E, H].</param>
    /// <param name="expertsPerToken">The model's k.</param>
    /// <param name="normalizeTopK">Whether the weights of the chosen add up to 1.</param>
    /// <param name="batch">For the expert limits.</param>
    /// <param name="routed">Holds T tokens already.</param>
    void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed);

    /// <summary>Keeps some rows of an activation and drops the others, in place.</summary>
    /// <param name="activation">Has as many rows afterwards.</param>
    /// <param name="kept">Indices of rows, ascending.</param>
    void KeepRows(Activation activation, ReadOnlySpan<int> kept);

    /// <summary>Copies source [T, C] to host memory.</summary>
    void Download(Activation source, Span<float> destination);

    /// <summary>hidden [T, H] += what the experts gave each token, by <see cref="RoutedTokens.Combine"/>, into the residual stream.</summary>
    void AddExperts(RoutedTokens routed, Activation hidden);

    /// <summary>
    /// Experts of one layer on their groups of choices: outputs[slots[i]] = down · (silu(gate · x) ⊙ (up · x)) with x = inputs[rows[i]], for
    /// each choice i of each group.
    /// </summary>
    /// <param name="groups">The experts; together they have all the choices.</param>
    /// <param name="inputs">Host memory [*, H].</param>
    /// <param name="rows">For each choice, its row of the inputs.</param>
    /// <param name="outputs">Host memory [*, H].</param>
    /// <param name="slots">For each choice, its row of the outputs, no two the same.</param>
    void ComputeExperts(
        ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots);

    /// <summary>logits [R, V] = hidden[rows] · headᵀ, to host memory; hidden is already normalised.</summary>
    void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits);
}
