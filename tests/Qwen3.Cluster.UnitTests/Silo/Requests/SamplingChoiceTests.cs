using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public class SamplingChoiceTests
{
    private static readonly GenerationConfig Recommended = new() { Temperature = 0.6, TopP = 0.95, TopK = 20, MinP = 0.05, RepetitionPenalty = 1.05 };

    [Fact]
    public void What_is_open_takes_the_models_value_for_the_mode()
    {
        SamplingSettings thinking = SamplingChoice.Complete(new SamplingSettings(), Recommended, thinks: true);
        SamplingSettings plain = SamplingChoice.Complete(new SamplingSettings(), Recommended, thinks: false);

        Assert.Equal((0.6f, 0.95f), (thinking.Temperature, thinking.TopP));
        Assert.Equal((0.7f, 0.8f), (plain.Temperature, plain.TopP));
        Assert.Equal((20, 0.05f, 0f, 0f, 1.05f), (plain.TopK, plain.MinP, plain.PresencePenalty, plain.FrequencyPenalty, plain.RepetitionPenalty));
    }

    [Fact]
    public void What_is_given_stays_zeros_too()
    {
        SamplingSettings given = new()
        {
            Temperature = 0, TopP = 0.5f, TopK = 0, MinP = 0, PresencePenalty = -1, FrequencyPenalty = 1, RepetitionPenalty = 2, Seed = 0,
            Stop = ["x"], StopTokenIds = [3], MaxTokens = 4, SampleCount = 5, Logprobs = 6,
        };

        Assert.Equal(given, SamplingChoice.Complete(given, Recommended, thinks: true));
    }

    [Fact]
    public void A_seed_that_is_open_is_drawn_anew()
    {
        Assert.Equal(20, Enumerable.Range(0, 20).Select(_ => SamplingChoice.WithSeed(new SamplingSettings()).Seed!.Value).Distinct().Count());
        Assert.Equal(0ul, SamplingChoice.WithSeed(new SamplingSettings { Seed = 0 }).Seed);
    }
}
