using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Tests;

/// <summary>
/// The experts of a model in several local pools, each with a back-end of its own and given only what it must compute: a cluster without wires.
/// Choices reach a pool in a shuffled order.
/// </summary>
internal sealed class SplitExpertPool : IExpertPool
{
    private readonly IBackend[] _backends;
    private readonly LocalExpertPool[] _pools;
    private readonly int[] _poolOfExpert;
    private readonly Random _random;

    public SplitExpertPool(Checkpoint checkpoint, ExpertLayout layout, int parts, int seed, Func<IBackend> makeBackend)
    {
        _random = new Random(seed);
        Layout = layout;
        _poolOfExpert = [.. Enumerable.Range(0, layout.ExpertCount).Select(_ => _random.Next(parts))];
        _backends = [.. Enumerable.Range(0, parts).Select(_ => makeBackend())];
        _pools =
        [
            .. Enumerable.Range(0, parts).Select(part => new LocalExpertPool(
                _backends[part], checkpoint, layout, Enumerable.Range(0, layout.ExpertCount).Where(expert => _poolOfExpert[expert] == part))),
        ];
    }

    public ExpertLayout Layout { get; }

    public ActivationPrecision Precision { get; init; }

    public bool CanOverlap { get; init; }

    public IExpertCall Begin(int layer, RoutedTokens tokens) => new Call(() => Compute(layer, tokens));

    private void Compute(int layer, RoutedTokens tokens)
    {
        (int Row, int Slot)[] choices =
        [
            .. Enumerable.Range(0, tokens.TokenCount).SelectMany(
                token => Enumerable.Range(0, tokens.ChoiceCounts[token]).Select(j => (token, (token * tokens.MaxChoices) + j))),
        ];
        _random.Shuffle(choices);
        for (int part = 0; part < _pools.Length; part++)
        {
            (int Row, int Slot)[] own = [.. choices.Where(choice => _poolOfExpert[tokens.ExpertIds[choice.Slot]] == part)];
            float[] outputs = new float[own.Length * Layout.HiddenSize];
            _pools[part].Compute(
                layer,
                tokens.Inputs.Span,
                [.. own.Select(choice => choice.Row)],
                [.. own.Select(choice => tokens.ExpertIds[choice.Slot])],
                outputs);
            for (int i = 0; i < own.Length; i++)
            {
                outputs.AsSpan(i * Layout.HiddenSize, Layout.HiddenSize).CopyTo(tokens.Outputs.Span[(own[i].Slot * Layout.HiddenSize)..]);
            }
        }
    }

    public void Dispose()
    {
        foreach (LocalExpertPool pool in _pools)
        {
            pool.Dispose();
        }

        foreach (IBackend backend in _backends)
        {
            backend.Dispose();
        }
    }

    // Computes as late as it may: whoever reads the outputs early, or reuses the tokens, is found out.
    private sealed class Call(Action compute) : IExpertCall
    {
        public void Finish() => compute();
    }
}
