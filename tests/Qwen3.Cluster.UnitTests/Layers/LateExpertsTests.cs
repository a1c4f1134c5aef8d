using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Layers;

public sealed class LateExpertsTests
{
    [Fact]
    public void An_expert_that_answers_after_its_step_has_failed_changes_no_later_step()
    {
        string directory = RandomCheckpoint.Make(new JsonObject(), seed: 21);
        int[] prompt = [3, 1, 4, 1, 5];
        using TestModel punctual = new(directory, new ReferenceBackend());
        float[][] expected = punctual.Logits(prompt);

        LatePool pool = null!;
        using TestModel model = new(
            directory, new ReferenceBackend(), makePool: (checkpoint, layout) => pool = new LatePool(new LocalExpertPool(new ReferenceBackend(), checkpoint, layout)));
        pool.Fails = true;
        Assert.Throws<IOException>(() => model.Logits(prompt));
        pool.Fails = false;
        Assert.Equal(expected, model.Logits(prompt));
    }

    /// <summary>Gives up calls when asked to, and writes to what they were lent at the worst moment: when the next answer is there.</summary>
    private sealed class LatePool(LocalExpertPool inner) : IExpertPool
    {
        private Memory<float> _lent;

        public bool Fails { get; set; }

        public ExpertLayout Layout => inner.Layout;

        public ActivationPrecision Precision => inner.Precision;

        public bool CanOverlap => false;

        public IExpertCall Begin(int layer, RoutedTokens tokens)
        {
            inner.Begin(layer, tokens).Finish();
            return new Call(this, tokens);
        }

        public void Dispose() => inner.Dispose();

        private sealed class Call(LatePool pool, RoutedTokens tokens) : IExpertCall
        {
            public void Finish()
            {
                if (pool.Fails)
                {
                    pool._lent = tokens.Outputs;
                    throw new IOException("too late");
                }

                pool._lent.Span.Fill(float.NaN);
            }
        }
    }
}
