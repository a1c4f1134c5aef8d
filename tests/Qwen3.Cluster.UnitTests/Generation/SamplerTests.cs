using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class SamplerTests
{
    [Fact]
    public void Draws_what_a_plain_slow_reference_draws()
    {
        Random random = new(11);
        int compared = 0;
        for (int round = 0; round < 600; round++)
        {
            int vocabulary = random.Next(2, 700);
            float[] logits = RandomLogits(random, vocabulary + 8, round % 3 == 0);
            SamplingParameters sampling = new()
            {
                Temperature = 0.2f + (1.8f * random.NextSingle()),
                TopK = random.Next(2) * random.Next(1, 2 * vocabulary),
                TopP = random.Next(3) == 0 ? 1 : 0.05f + (0.94f * random.NextSingle()),
                MinP = random.Next(2) * 0.3f * random.NextSingle(),
                PresencePenalty = random.Next(2) * 0.7f,
                FrequencyPenalty = random.Next(2) * -0.4f,
                RepetitionPenalty = random.Next(2) == 0 ? 1 : 1.3f,
                Seed = (ulong)random.NextInt64(),
            };
            int[] prompt = [.. Enumerable.Range(0, 20).Select(_ => random.Next(vocabulary))];
            int[] reply = [.. Enumerable.Range(0, 20).Select(_ => random.Next(vocabulary))];
            TokenCounts counts = new(prompt);
            Array.ForEach(reply, counts.Add);
            int[] banned = [random.Next(vocabulary / 2, vocabulary)];
            Sampler sampler = new(vocabulary, []);
            List<(int Token, double Probability)> kept = Reference(logits[..vocabulary], sampling, prompt, reply, banned);
            for (int position = 0; position < 20; position++)
            {
                double uniform = PhiloxGenerator.Uniform(sampling.Seed, 3, position);
                (int expected, double margin) = Find(kept, uniform);
                // Where the draw falls on the border of two tokens, rounding decides.
                if (margin > 1e-5)
                {
                    Assert.Equal(expected, sampler.Choose(logits, sampling, counts, banned, 3, position));
                    compared++;
                }
            }
        }

        Assert.True(compared > 11_000);
    }

    [Fact]
    public void A_large_flat_vocabulary_is_drawn_by_its_nucleus()
    {
        float[] logits = RandomLogits(new Random(5), 40_000, ties: false);
        SamplingParameters sampling = new() { Temperature = 2, TopP = 0.97f };
        List<(int, double)> kept = Reference(logits, sampling, [], [], []);
        Assert.True(kept.Count > 20_000);
        Sampler sampler = new(logits.Length, []);
        for (int position = 0; position < 5; position++)
        {
            (int expected, double margin) = Find(kept, PhiloxGenerator.Uniform(0, 0, position));
            Assert.True(margin > 1e-9);
            Assert.Equal(expected, sampler.Choose(logits, sampling, null, [], 0, position));
        }
    }

    [Theory]
    [InlineData(0, 1f)]
    [InlineData(6, 1f)]
    [InlineData(0, 0.999f)]
    public void Frequencies_are_the_probabilities(int topK, float topP)
    {
        const int Draws = 40_000;
        float[] logits = [1, 0, -1, 2, 0.5f, 1.5f];
        SamplingParameters sampling = new() { Temperature = 0.8f, TopK = topK, TopP = topP, Seed = 99 };
        Sampler sampler = new(logits.Length, []);
        int[] drawn = new int[logits.Length];
        for (int position = 0; position < Draws; position++)
        {
            drawn[sampler.Choose(logits, sampling, null, [], 0, position)]++;
        }

        double mass = logits.Sum(logit => Math.Exp(logit / 0.8));
        double chiSquare = logits.Select((logit, id) => Draws * Math.Exp(logit / 0.8) / mass)
            .Zip(drawn, (expected, actual) => Math.Pow(actual - expected, 2) / expected).Sum();
        Assert.True(chiSquare < 20.5, $"χ² is {chiSquare}; with 5 degrees of freedom it exceeds 20.5 once in 1000 times.");
    }

    [Fact]
    public void Temperature_0_takes_the_likeliest_and_the_lowest_id_of_equals()
    {
        Sampler sampler = new(5, []);
        SamplingParameters greedy = new() { Temperature = 0, TopK = 1, MinP = 1, TopP = 0.1f };

        Assert.Equal(1, sampler.Choose([1, 7, 2, 7, 7], greedy, null, [], 0, 0));
        Assert.Equal(3, sampler.Choose([1, 7, 2, 7, 7], greedy, null, [1], 0, 0));
        Assert.Equal(1, sampler.Choose([1, 7, 2, 7, 7], greedy with { Temperature = 1 }, null, [], 0, 0));
    }

    [Fact]
    public void Penalties_follow_vllms_formulas()
    {
        TokenCounts counts = new([0, 1]);
        Array.ForEach([1, 2, 2, 3], counts.Add);
        float[] logits = [2, -2, 4, 1, 1];

        counts.Penalize(logits, new SamplingParameters { RepetitionPenalty = 2, FrequencyPenalty = 0.5f, PresencePenalty = 0.25f });

        // The prompt's token 0: repetition alone. 1: −2·2 − 0.5 − 0.25. 2: 4/2 − 2·0.5 − 0.25. 3: 1/2 − 0.5 − 0.25.
        Assert.Equal([1, -4.75f, 0.75f, -0.25f, 1], logits);
        Assert.Null(TokenCounts.For(new GenerationRequest { Id = "", Prompt = [1] }));
    }

    [Fact]
    public void Padding_rows_are_neither_drawn_nor_reported()
    {
        float[] logits = [0, 1, 0, 50, 60];
        Sampler sampler = new(3, []);
        foreach (SamplingParameters sampling in new SamplingParameters[] { new(), new() { Temperature = 0 }, new() { TopK = 5 }, new() { TopP = 0.9f } })
        {
            Assert.All(Enumerable.Range(0, 50), position => Assert.True(sampler.Choose(logits, sampling, null, [], 0, position) < 3));
        }

        TokenLogprob logprob = sampler.Describe(logits, 0, 20);
        Assert.Equal([1, 0, 2], logprob.Top.Select(top => top.TokenId));
        Assert.Equal(1, logprob.Top.Sum(top => Math.Exp(top.Logprob)), 5);
    }

    [Fact]
    public void Ids_without_a_token_are_neither_drawn_nor_reported()
    {
        float[] logits = [0, 60, 1, 0, 50, 90];
        Sampler sampler = new(5, [1, 4]);
        foreach (SamplingParameters sampling in new SamplingParameters[] { new(), new() { Temperature = 0 }, new() { TopK = 4 }, new() { TopP = 0.9f } })
        {
            Assert.All(Enumerable.Range(0, 50), position => Assert.True(sampler.Choose(logits, sampling, null, [], 0, position) is 0 or 2 or 3));
            Assert.All(Enumerable.Range(0, 50), position => Assert.True(sampler.Choose(logits, sampling, new TokenCounts([2]), [0], 0, position) is 2 or 3));
        }

        TokenLogprob logprob = sampler.Describe(logits, 3, 20);
        Assert.Equal([2, 0, 3], logprob.Top.Select(top => top.TokenId));
        Assert.Equal(1, logprob.Top.Sum(top => Math.Exp(top.Logprob)), 5);
    }

    [Fact]
    public void Logprobs_are_those_of_the_models_own_logits()
    {
        Random random = new(4);
        float[] logits = RandomLogits(random, 500, ties: false);
        double logOfSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        float[] before = [.. logits];
        Sampler sampler = new(500, []);
        TokenCounts counts = new([3, 4, 5]);
        int token = sampler.Choose(logits, new SamplingParameters { Temperature = 0.3f, RepetitionPenalty = 2 }, counts, [7], 0, 0);

        TokenLogprob logprob = sampler.Describe(logits, token, 5);

        Assert.Equal(before, logits);
        Assert.Equal(logits[token] - logOfSum, logprob.Logprob, 5);
        Assert.Equal(logits.Select((logit, id) => (logit, id)).OrderByDescending(x => x.logit).Take(5).Select(x => x.id), logprob.Top.Select(top => top.TokenId));
        Assert.All(logprob.Top, top => Assert.Equal(logits[top.TokenId] - logOfSum, top.Logprob, 5));
    }

    [Fact]
    public void A_draw_depends_on_seed_sample_and_position()
    {
        float[] logits = new float[1000];
        Sampler sampler = new(1000, []);
        int[] Draws(ulong seed, int sample) =>
            [.. Enumerable.Range(0, 8).Select(position => sampler.Choose(logits, new SamplingParameters { Seed = seed }, null, [], sample, position))];

        Assert.Equal(Draws(1, 0), Draws(1, 0));
        Assert.NotEqual(Draws(1, 0), Draws(1, 1));
        Assert.NotEqual(Draws(1, 0), Draws(2, 0));
        Assert.NotEqual(Draws(1, 0), Draws(1UL << 32, 0));
        Assert.True(Draws(1, 0).Distinct().Count() > 6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_no_numbers_are_an_error(float bad)
    {
        Sampler sampler = new(40, []);
        for (int place = 0; place < 40; place += 13)
        {
            float[] logits = new float[40];
            logits[place] = bad;
            Assert.Throws<InvalidDataException>(() => sampler.Choose(logits, new SamplingParameters(), null, [], 0, 0));
        }
    }

    private static float[] RandomLogits(Random random, int count, bool ties) =>
        [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 8) - 4).Select(logit => ties ? MathF.Round(logit) : logit)];

    private static (int Token, double Margin) Find(List<(int Token, double Probability)> kept, double uniform)
    {
        double sum = 0;
        foreach ((int token, double probability) in kept)
        {
            double before = sum;
            sum += probability;
            if (sum > uniform)
            {
                return (token, Math.Min(uniform - before, sum - uniform));
            }
        }

        return (-1, 0);
    }

    /// <summary>vLLM's steps one after the other, on sorted lists in float64; gives the tokens that are left in the order of the draw.</summary>
    private static List<(int Token, double Probability)> Reference(
        float[] logits, SamplingParameters sampling, int[] prompt, int[] reply, int[] banned)
    {
        // Penalties in float32, as logits are: what is equal then ranks by id.
        float[] adjusted = [.. logits];
        for (int id = 0; id < adjusted.Length; id++)
        {
            int count = reply.Count(token => token == id);
            if (count > 0 || prompt.Contains(id))
            {
                adjusted[id] = adjusted[id] > 0 ? adjusted[id] / sampling.RepetitionPenalty : adjusted[id] * sampling.RepetitionPenalty;
            }

            adjusted[id] -= sampling.FrequencyPenalty * count;
            adjusted[id] -= count > 0 ? sampling.PresencePenalty : 0;
        }

        double max = Enumerable.Range(0, adjusted.Length).Where(id => !banned.Contains(id)).Max(id => adjusted[id]);
        List<(int Token, double Probability)> left = Normalize(Enumerable.Range(0, adjusted.Length)
            .Where(id => !banned.Contains(id))
            .OrderByDescending(id => adjusted[id]).ThenBy(id => id)
            .Select(id => (id, Math.Exp((adjusted[id] - max) / sampling.Temperature))));
        left = Normalize(left.Where(x => x.Probability >= sampling.MinP * left[0].Probability * (1 - 1e-6)));
        if (sampling.TopK > 0)
        {
            left = Normalize(left.Take(sampling.TopK));
        }

        double above = 0;
        left = Normalize(left.TakeWhile(x => (above += x.Probability) - x.Probability < sampling.TopP));
        bool unfiltered = (sampling.TopK == 0 || sampling.TopK >= logits.Length) && sampling.TopP == 1;
        return unfiltered ? [.. left.OrderBy(x => x.Token)] : left;
    }

    private static List<(int Token, double Probability)> Normalize(IEnumerable<(int Token, double Weight)> weights)
    {
        List<(int Token, double Weight)> list = [.. weights];
        double sum = list.Sum(x => x.Weight);
        return [.. list.Select(x => (x.Token, x.Weight / sum))];
    }
}
