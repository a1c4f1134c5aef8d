using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.UnitTests.Experts;

public class RoutedTokensTests
{
    [Fact]
    public void The_likeliest_are_chosen_best_first_and_of_equals_the_lower()
    {
        RoutedTokens tokens = new(hiddenSize: 1, maxChoices: 3);
        tokens.Reset(2);

        tokens.ChooseTop(0, [0.1f, 0.3f, 0.2f, 0.3f, 0.1f], expertsPerToken: 3, expertLimit: 3, normalize: true);
        tokens.ChooseTop(1, [0.4f, 0.1f, 0.2f, 0.2f, 0.1f], expertsPerToken: 3, expertLimit: 3, normalize: false);

        Assert.Equal([1, 3, 2, 0, 2, 3], tokens.ExpertIds);
        Assert.Equal([3, 3], tokens.ChoiceCounts);
        AssertClose([0.375f, 0.375f, 0.25f], tokens.Weights[..3]);
        Assert.Equal([0.4f, 0.2f, 0.2f], tokens.Weights[3..]);
    }

    [Theory]
    [InlineData(true, 1f)]
    [InlineData(false, 0.9f)]
    public void A_limit_keeps_the_best_and_what_they_are_worth_together(bool normalize, float sum)
    {
        RoutedTokens tokens = new(hiddenSize: 1, maxChoices: 3);
        tokens.Reset(2);

        tokens.ChooseTop(0, [0.1f, 0.5f, 0.25f, 0.15f], expertsPerToken: 3, expertLimit: 2, normalize);
        tokens.ChooseTop(1, [0.1f, 0.5f, 0.25f, 0.15f], expertsPerToken: 3, expertLimit: 9, normalize);

        Assert.Equal([2, 3], tokens.ChoiceCounts);
        Assert.Equal([1, 2], tokens.ExpertIds[..2]);
        AssertClose([sum * 2 / 3, sum / 3], tokens.Weights[..2]);
        AssertClose([sum * 0.5f / 0.9f, sum * 0.25f / 0.9f, sum * 0.15f / 0.9f], tokens.Weights[3..]);
    }

    [Fact]
    public void All_are_chosen_with_weight_1()
    {
        RoutedTokens tokens = new(hiddenSize: 1, maxChoices: 4);
        tokens.Reset(2);

        tokens.ChooseAll(3);

        Assert.Equal([3, 3], tokens.ChoiceCounts);
        Assert.Equal([0, 1, 2], tokens.ExpertIds.Slice(4, 3));
        Assert.Equal([1, 1, 1], tokens.Weights.Slice(4, 3));
    }

    [Fact]
    public void Outputs_are_added_up_by_weight_in_the_order_of_the_choices()
    {
        foreach (int hidden in (int[])[1, 7, 8, 16, 37])
        {
            Random random = new(hidden);
            RoutedTokens tokens = new(hidden, maxChoices: 4);
            tokens.Reset(3);
            for (int token = 0; token < 3; token++)
            {
                tokens.ChooseTop(token, [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle())], 4, expertLimit: token + 1, normalize: true);
            }

            foreach (ref float output in tokens.Outputs.Span)
            {
                output = (2 * random.NextSingle()) - 1;
            }

            float[] sums = [.. Enumerable.Repeat(float.NaN, 3 * hidden)];
            for (int token = 0; token < 3; token++)
            {
                tokens.Combine(token, sums.AsSpan(token * hidden, hidden));
            }

            for (int i = 0; i < sums.Length; i++)
            {
                int token = i / hidden;
                float expected = 0;
                for (int slot = token * 4; slot < (token * 4) + token + 1; slot++)
                {
                    expected = MathF.FusedMultiplyAdd(tokens.Outputs.Span[(slot * hidden) + (i % hidden)], tokens.Weights[slot], expected);
                }

                Assert.Equal(expected, sums[i]);
            }
        }
    }

    [Fact]
    public void A_reset_makes_room_and_forgets_the_choices()
    {
        RoutedTokens tokens = new(hiddenSize: 5, maxChoices: 2);
        tokens.Reset(1);
        tokens.ChooseAll(2);

        tokens.Reset(10);

        Assert.Equal((10, 50, 100, 20), (tokens.TokenCount, tokens.Inputs.Length, tokens.Outputs.Length, tokens.ExpertIds.Length));
        Assert.All(tokens.ChoiceCounts.ToArray(), count => Assert.Equal(0, count));
        tokens.Reset(2);
        Assert.Equal((2, 10, 20), (tokens.TokenCount, tokens.Inputs.Length, tokens.Outputs.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokens.Reset(-1));
    }

    private static void AssertClose(float[] expected, ReadOnlySpan<float> actual) =>
        Assert.All(expected.Zip(actual.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
}
