using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class SamplingDefaultsTests
{
    private static readonly SamplingParameters Thinking = new() { Temperature = 0.6f, TopP = 0.95f, TopK = 20 };
    private static readonly SamplingParameters Plain = new() { Temperature = 0.7f, TopP = 0.8f, TopK = 20 };

    [Fact]
    public void Without_a_file_the_model_cards_values_hold()
    {
        AssertSame(Thinking, SamplingDefaults.For(null, thinking: true));
        AssertSame(Plain, SamplingDefaults.For(new GenerationConfig(), thinking: false));
    }

    [Fact]
    public void The_file_of_a_model_with_both_modes_holds_the_thinking_ones()
    {
        GenerationConfig hybrid = new() { DoSample = true, Temperature = 0.6, TopP = 0.95, TopK = 20 };

        AssertSame(Thinking, SamplingDefaults.For(hybrid, thinking: true));
        AssertSame(Plain, SamplingDefaults.For(hybrid, thinking: false));
    }

    [Fact]
    public void Other_files_are_taken_at_their_word()
    {
        GenerationConfig own = new() { Temperature = 0.3, TopP = 0.95, TopK = 7, MinP = 0.1, RepetitionPenalty = 1.05 };
        SamplingParameters expected = new() { Temperature = 0.3f, TopP = 0.95f, TopK = 7, MinP = 0.1f, RepetitionPenalty = 1.05f };

        AssertSame(expected, SamplingDefaults.For(own, thinking: false));
        AssertSame(expected, SamplingDefaults.For(own, thinking: true));
        Assert.Equal(0, SamplingDefaults.For(own with { DoSample = false }, thinking: true).Temperature);
    }

    // Records with lists in them are equal only when the lists are the same object.
    private static void AssertSame(SamplingParameters expected, SamplingParameters actual) =>
        Assert.Equal(expected, actual with { StopStrings = expected.StopStrings, StopTokenIds = expected.StopTokenIds });
}
